"""Which properties order the topologies of the main study, and what is there to order?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import rankdata
from second_look_means import Floats, Topology, grouped, mean, shown, table

CONFIRMATION = ("fashion-mnist", "1024 units, fan-in 4, 5 layers")
LEAST_SHARE = 0.2  # of the variance, where the study tests properties
PRIMARIES = ("output_fan_in_min", "effective_density", "spectral_gap.mean", "end_to_end_gap")
FURTHER = ("connected_pair_fraction", "path_count_cv", "sigma_1.mean", "sigma_2.mean")
Cell = tuple[str, str]
Property = Callable[[Sequence[Topology]], Floats]


def cells_of(topologies: Sequence[Topology]) -> dict[Cell, list[Topology]]:
    """Return the topologies of each data set and stratum, doses apart."""
    apart = [one for one in topologies if one.row["role"] != "dose"]
    return grouped(apart, lambda one: (one.row["data"], one.row["stratum"]))


def pools_of(topologies: Sequence[Topology]) -> dict[str, list[list[Topology]]]:
    """Return the cells of the first tests, those kept for confirmation, and all."""
    cells = list(cells_of(topologies).values())
    tested = [cell for cell in cells if variance_shares(cell)[0] >= LEAST_SHARE]
    return {
        "tested cells": [cell for cell in tested if not is_confirmation(cell)],
        "confirmation, tested cells": [cell for cell in tested if is_confirmation(cell)],
        "all cells": cells,
    }


def is_confirmation(cell: Sequence[Topology]) -> bool:
    """Return whether a cell was kept for confirmation."""
    row = cell[0].row
    return row["data"] in CONFIRMATION or row["regime"] in CONFIRMATION


def shares(topologies: Sequence[Topology]) -> list[str]:
    """Describe the shares of topology, labelling and seed in the variance of every cell."""
    lines = []
    for (data, stratum), cell in cells_of(topologies).items():
        runs = sum(len(net.accuracies) for one in cell for net in one.nets)
        parts = (shown(100 * share, 0) for share in variance_shares(cell))
        accuracy = shown(mean(one.accuracy for one in cell))
        lines.append([data, stratum, str(len(cell)), str(runs), accuracy, *parts])
    columns = ["data", "stratum", "topologies", "runs", "accuracy", "topology, %", "labelling, %"]
    return [
        "Variances of the accuracy of single runs, from the sums of squares of a nested design "
        "(topology, labelling within it, seed within that), as shares of their sum; a negative "
        "one counts 0. Accuracy: mean over topologies.",
        table([*columns, "seed, %"], lines, words=2),
    ] * bool(lines)


def variance_shares(cell: Sequence[Topology]) -> tuple[float, float, float]:
    """Return the shares of topology, labelling and seed in the variance of single runs."""
    runs = [[list(net.accuracies) for net in one.nets] for one in cell]
    counts = [[len(seeds) for seeds in nets] for nets in runs]
    sizes = [sum(nets) for nets in counts]
    total, n_nets = sum(sizes), sum(map(len, counts))
    grand = mean(value for nets in runs for seeds in nets for value in seeds)
    centres = [mean(value for seeds in nets for value in seeds) for nets in runs]
    within = between = 0.0
    for nets, centre in zip(runs, centres, strict=True):
        for seeds in nets:
            middle = mean(seeds)
            within += sum((value - middle) ** 2 for value in seeds)
            between += len(seeds) * (middle - centre) ** 2
    apart = sum(n * (centre - grand) ** 2 for n, centre in zip(sizes, centres, strict=True))
    spread = [sum(n * n for n in nets) for nets in counts]
    in_topologies = sum(square / n for square, n in zip(spread, sizes, strict=True))
    if total == n_nets or n_nets == len(cell) or len(cell) < 2:
        return math.nan, math.nan, math.nan
    seed = within / (total - n_nets)
    labelling = (between - (n_nets - len(cell)) * seed) / (total - in_topologies)
    topology = apart - (len(cell) - 1) * seed - (in_topologies - sum(spread) / total) * labelling
    topology /= total - sum(n * n for n in sizes) / total
    parts = [max(part, 0.0) for part in (topology, labelling, seed)]
    scale = sum(parts) or math.nan
    return parts[0] / scale, parts[1] / scale, parts[2] / scale


def connectivity(cell: Sequence[Topology]) -> Floats:
    """Return the mean rank of reach and of evenness of path counts in a cell."""
    reach, spread = (values(name)(cell) for name in ("connected_pair_fraction", "path_count_cv"))
    return (ranks(reach) + ranks(-spread)) / 2


def values(name: str) -> Property:
    """Return what reads a property of the topologies of a cell."""
    return lambda cell: np.array([one.metric(name) for one in cell])


def ranks(column: Floats) -> Floats:
    """Return ranks, values equal to nine digits tied."""
    found: Floats = rankdata([float(f"{value:.9g}") for value in column])
    return found


def by_accuracy(cell: Sequence[Topology]) -> Floats:
    """Return the ranks of topologies by their mean accuracy."""
    return ranks(np.array([one.accuracy for one in cell]))


def by_rank(cell: Sequence[Topology]) -> Floats:
    """Return the mean rank of each topology's runs among all runs of the cell."""
    runs = [value for one in cell for net in one.nets for value in net.accuracies]
    left = iter(ranks(np.array(runs)))
    means = [mean(mean(next(left) for _ in net.accuracies) for net in one.nets) for one in cell]
    return np.array(means)


OUTCOMES = {"mean rank of its runs": by_rank, "mean accuracy": by_accuracy}


def orders(topologies: Sequence[Topology]) -> list[str]:
    """Describe Kendall's tau of every property with accuracy."""
    properties: dict[str, Property] = {"connectivity": connectivity}
    properties |= {name: values(name) for name in (*PRIMARIES, *FURTHER)}
    pools = pools_of(topologies)
    if not pools["all cells"]:
        return []
    lines = [
        [name, *(_tau(cells, of, told) for cells in pools.values() for told in OUTCOMES.values())]
        for name, of in properties.items()
    ]
    each = [
        [*cell, *(_tau([within], of, by_rank) for of in properties.values())]
        for cell, within in cells_of(topologies).items()
    ]
    columns = [f"{pool}: {outcome}" for pool in pools for outcome in OUTCOMES]
    sizes = ", ".join(
        f"{name} {sum(map(len, cells))} topologies in {len(cells)} cells"
        for name, cells in pools.items()
    )
    return [
        "Kendall's tau-b of a property with what a topology reached, over pairs of one cell (data "
        "set and stratum); cells weigh by the pairs that both tell apart. A topology's runs count "
        "by their ranks among all runs of the cell, averaged over seeds, then labellings; or by "
        "their mean accuracy. Connectivity: mean rank of reach and of evenness of path counts in "
        f"the cell. Tested: topologies have {LEAST_SHARE:.0%} of the variance at least. {sizes}.",
        table(["property", *columns], lines),
        "In each cell, by mean ranks:",
        table(["data", "stratum", *properties], each, words=2),
    ]


def _tau(cells: Sequence[Sequence[Topology]], of: Property, outcome: Property) -> str:
    surplus = pairs = 0.0
    for cell in cells:
        kept = ~np.isnan(of(cell))
        columns = ranks(of(cell)[kept]), ranks(outcome(cell)[kept])
        one, other = (np.sign(column[:, None] - column[None, :]) for column in columns)
        surplus += float((one * other).sum())
        pairs += math.sqrt(float(np.abs(one).sum()) * float(np.abs(other).sum()))
    return shown(surplus / pairs if pairs else math.nan, signed=True)


def degrees(topologies: Sequence[Topology]) -> list[str]:
    """Describe how much of the ranks degrees explain, and how much connectivity adds."""
    cells = cells_of(topologies)
    columns = [
        *("data", "stratum", "topologies", "fans", "fans, sigma_1", "and connectivity", "gain"),
        *("connectivity alone", "gap: rho", "gap: rho given fans"),
    ]
    parts = [
        "Share of the variance of what topologies of a cell reached that a least squares fit on "
        "ranks explains (R squared): the spread of fan-ins and fan-outs (coefficients of "
        "variation, mean over layers), these and the mean largest singular value of the layers, "
        "and connectivity besides. Last, the rank correlation of the mean spectral gap with what "
        "they reached, and the partial one given the spread of fans."
    ]
    for name, outcome in (("ranks of mean accuracies", by_accuracy), ("mean ranks", by_rank)):
        lines = [[*cell, *_explanations(within, outcome)] for cell, within in cells.items()]
        parts += [f"What they reached, by {name}:", table(columns, lines, words=2)]
    return parts if cells else []


def _explanations(cell: Sequence[Topology], outcome: Property) -> list[str]:
    reached = outcome(cell)
    fans = [ranks(values(name)(cell)) for name in ("fan_in_cv.mean", "fan_out_cv.mean")]
    sigma, gap = (ranks(values(name)(cell)) for name in ("sigma_1.mean", "spectral_gap.mean"))
    more = [*fans, sigma]
    both = [*more, connectivity(cell)]
    sets = (fans, more, both, [connectivity(cell)])
    of_fans, of_more, of_both, alone = (explained(reached, columns) for columns in sets)
    numbers = (of_fans, of_more, of_both, of_both - of_more, alone)
    correlations = (correlation(reached, gap), correlation(reached, gap, fans))
    return [
        str(len(cell)),
        *(shown(number) for number in numbers),
        *(shown(number, signed=True) for number in correlations),
    ]


def explained(outcome: Floats, columns: Sequence[Floats]) -> float:
    """Return R squared of a least squares fit with an intercept."""
    if np.isnan(columns).any():
        return math.nan
    rest, centred = _rest(outcome, columns), outcome - outcome.mean()
    scale = float(centred @ centred)
    return 1 - float(rest @ rest) / scale if scale else math.nan


def correlation(outcome: Floats, column: Floats, given: Sequence[Floats] = ()) -> float:
    """Return the correlation of what a least squares fit on the given columns leaves."""
    if np.isnan([column, *given]).any():
        return math.nan
    one, other = _rest(outcome, given), _rest(column, given)
    scale = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / scale if scale > 1e-9 else math.nan


def _rest(outcome: Floats, columns: Sequence[Floats]) -> Floats:
    design = np.column_stack([np.ones(outcome.size), *columns])
    fit: Floats = design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
    return outcome - fit
