"""What of the failures at extreme sparsity goes with the recipe, and what with dead outputs?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from second_look_blocks import (
    ALL,
    COMBINATIONS,
    FACTORS,
    NOTHING,
    RECIPE,
    Block,
    Mends,
    Value,
    blocks_of,
    kinds_of,
    over,
    paired,
    shapley,
)
from second_look_means import Topology, deviation, grouped, mean, shown, table


def dead_outputs(topologies: Sequence[Topology]) -> list[str]:
    """Describe failures of topologies with and without dead outputs."""
    lines = []
    groups = grouped(paired(topologies), lambda block: block.drawn.metric("dead_outputs") > 0)
    for has_dead, blocks in groups.items():
        for name, value in (("failures", Block.failures), ("accuracy", Block.accuracy)):
            numbers = (over(blocks, value, mends) for mends in (NOTHING, RECIPE, ALL))
            kind = "some" if has_dead else "none"
            lines.append([kind, name, str(len(blocks)), *(shown(n, 1) for n in numbers)])
    columns = ["dead outputs as drawn", "percent", "topologies", "nothing mended"]
    return [
        "Means over topologies that have a repaired twin, by whether they have dead outputs as "
        "they were drawn or pruned. Failures: runs that never predict some class. The recipe is "
        "logits, initialisation and decay; all is the recipe and the repaired twin.",
        table([*columns, "the recipe", "all"], lines, words=2),
    ] * bool(lines)


def parts(topologies: Sequence[Topology]) -> list[str]:
    """Describe the parts of the factors, as Shapley values."""
    blocks = paired(topologies)
    lines = []
    for factor in FACTORS:
        found = (shapley(blocks, value, factor) for value in (Block.failures, Block.accuracy))
        lines.append([factor, *(shown(part, 1, signed=True) for part in found)])
    whole = [over(blocks, Block.failures, mends) for mends in (NOTHING, ALL)]
    least = min(COMBINATIONS, key=lambda mends: over(blocks, Block.failures, mends))
    return [
        f"Failures fall from {shown(whole[0], 1)} % with nothing mended to {shown(whole[1], 1)} % "
        f"with all, means over {len(blocks)} topologies with a repaired twin. The fewest, "
        f"{shown(over(blocks, Block.failures, least), 1)} %, come with {named(least)} mended. "
        "Parts in points: what mending a factor changes, mean over all orders of mending.",
        table(["factor", "failures", "accuracy"], lines),
    ] * bool(blocks)


def named(mends: Iterable[str]) -> str:
    """Return the names of factors in a sentence."""
    found = [factor for factor in FACTORS if factor in mends]
    return " and ".join([", ".join(found[:-1])] * (len(found) > 1) + found[-1:]) or "nothing"


def initialisation(topologies: Sequence[Topology]) -> list[str]:
    """Describe what initialisation by fan-in does to failures."""
    lines = []
    groups = {"with a repaired twin": paired(topologies), "all": blocks_of(topologies)}
    for name, blocks in groups.items():
        for is_linear in (False, True):
            before = [
                mends
                for mends in COMBINATIONS
                if "initialisation" not in mends and ("relu_logits" in mends) is is_linear
            ]
            after = [mends | {"initialisation"} for mends in before]
            found = over(blocks, Block.failures, *after) - over(blocks, Block.failures, *before)
            logits = "linear" if is_linear else "ReLU"
            lines.append([name, logits, str(len(blocks)), shown(found, 1, signed=True)])
    return [
        "Failures with initialisation by fan-in less those with the paper's, in points, mean over "
        "the combinations of decay and dead outputs, then over topologies.",
        table(["topologies", "logits", "number", "failures"], lines, words=2),
    ] * bool(topologies)


def accuracies(topologies: Sequence[Topology]) -> list[str]:
    """Describe every kind at every density with the combinations that the page names."""
    return _by_kind(topologies, Block.accuracy, max, "Mean accuracy over topologies, in percent")


def failing(topologies: Sequence[Topology]) -> list[str]:
    """Describe the failures of every kind at every density."""
    what = "Share of runs that fail, in percent, mean over topologies"
    return _by_kind(topologies, Block.failures, min, what)


def _by_kind(
    topologies: Sequence[Topology],
    value: Value,
    best: Callable[[Iterable[float]], float],
    what: str,
) -> list[str]:
    which: dict[str, Mends] = {
        "nothing": NOTHING,
        **{f"{factor} alone": frozenset([factor]) for factor in FACTORS},
        "the recipe": RECIPE,
        "all but initialisation": ALL - {"initialisation"},
        "all": ALL,
    }
    lines = []
    for place, blocks in kinds_of(blocks_of(topologies)).items():
        numbers = [over(blocks, value, mends) for mends in which.values()]
        trained = {mends for block in blocks for mends in block.under}
        numbers.append(best(over(blocks, value, mends) for mends in trained))
        lines.append([*place, str(len(blocks)), *(shown(number, 1) for number in numbers)])
    return [
        f"{what}, by what is mended; last, with whichever combination is best. Topologies without "
        "a repaired twin have no dead outputs: for them the recipe is all.",
        table(["stratum", "kind", "topologies", *which, "best"], lines, words=2),
    ] * bool(lines)


def sizes(topologies: Sequence[Topology]) -> list[str]:
    """Describe RadiX-Nets and random nets at the sizes without repaired twins."""
    blocks = [block for block in blocks_of(topologies) if block.repaired is None]
    lines = []
    for place, those in kinds_of(blocks).items():
        mended = [block.accuracy(RECIPE) for block in those if RECIPE in block.under]
        best = [
            max(
                (
                    max(net.accuracies)
                    for block in those
                    for mends, one in block.under.items()
                    if ("initialisation" in mends) is is_mended
                    for net in one.nets
                ),
                default=math.nan,
            )
            for is_mended in (False, True)
        ]
        numbers = (mean(mended), deviation(mended), *best)
        lines.append([*place, str(len(those)), *map(shown, numbers)])
    columns = ["stratum", "kind", "topologies", "the recipe mended", "sd"]
    return [
        "Topologies without a repaired twin: mean and standard deviation over topologies of the "
        "accuracy with the recipe mended, and the best accuracy of any run with the paper's "
        "initialisation and with that by fan-in, whatever else is mended.",
        table([*columns, "best run, paper's", "best run, by fan-in"], lines, words=2),
    ] * bool(lines)


def pruned(topologies: Sequence[Topology]) -> list[str]:
    """Describe how much better pruned masks do than random ones of the same stratum."""
    kinds = kinds_of(blocks_of(topologies))
    lines = []
    for (stratum, kind), those in kinds.items():
        other = kinds.get((stratum, "random"))
        if other and kind != "random":
            gains = (
                over(those, Block.accuracy, mends) - over(other, Block.accuracy, mends)
                for mends in (NOTHING, RECIPE, ALL)
            )
            lines.append([stratum, kind, *(shown(gain, 1, signed=True) for gain in gains)])
    return [
        "Accuracy less that of random topologies of the same stratum, in points, differences of "
        "means over topologies, by what is mended.",
        table(["stratum", "kind", "nothing", "the recipe", "all"], lines, words=2),
    ] * bool(lines)


def repair(topologies: Sequence[Topology]) -> list[str]:
    """Describe what joining dead outputs to inputs does, and how many edges it adds."""
    blocks = paired(topologies)
    dead = [block for block in blocks if block.drawn.metric("dead_outputs") > 0]
    rows = [*kinds_of(dead).items(), *([(("all", "all"), dead)] if dead else [])]
    lines = [[*place, str(len(those)), *_repaired(those)] for place, those in rows]
    columns = ["stratum", "kind", "topologies", "failures", "accuracy", "part of failures"]
    more = ["part of accuracy", "dead outputs", "edges added", "edges of layer 3"]
    same = [block for block in blocks if not block.drawn.metric("dead_outputs") > 0]
    changed = sum(
        block.accuracy(m) != block.accuracy(m - {"dead outputs"})
        for block in same
        for m in COMBINATIONS
    )
    return [
        "Topologies with dead outputs: the repaired twin less the topology as it is, in points, "
        "mean over the eight recipes, then over topologies; the parts of dead outputs, mean over "
        "all orders of mending; dead outputs of the topologies, edges that repair added and edges "
        "of the last layer before.",
        table([*columns, *more], lines, words=2),
        f"Of the {len(same)} topologies without dead outputs, {changed} of {8 * len(same)} twins' "
        "mean accuracies differ from theirs.",
    ] * bool(lines)


def _repaired(blocks: Sequence[Block]) -> list[str]:
    after = [mends for mends in COMBINATIONS if "dead outputs" in mends]
    before = [mends - {"dead outputs"} for mends in after]
    both = (Block.failures, Block.accuracy)
    gains = [over(blocks, value, *after) - over(blocks, value, *before) for value in both]
    gains += [shapley(blocks, value, "dead outputs") for value in both]
    pairs = [(block.drawn, block.repaired) for block in blocks if block.repaired]
    counts = (
        [int(drawn.metric("dead_outputs")) for drawn, _ in pairs],
        [twin.row["n_edges"] - drawn.row["n_edges"] for drawn, twin in pairs],
        [drawn.row["edges.3"] for drawn, _ in pairs],
    )
    return [*(shown(gain, 1, signed=True) for gain in gains), *map(_span, counts)]


def _span(found: Sequence[int]) -> str:
    low, high = min(found), max(found)
    return str(low) if low == high else f"{low} to {high}"


SECTIONS = {
    "With and without dead outputs": dead_outputs,
    "Parts of the factors": parts,
    "Initialisation": initialisation,
    "Accuracy of every kind": accuracies,
    "Failures of every kind": failing,
    "RadiX-Nets and random hidden layers": sizes,
    "Pruned and random topologies": pruned,
    "Repair": repair,
}
