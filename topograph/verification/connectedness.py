"""Does every input reach every output?"""

from __future__ import annotations

import numpy as np

from topograph.counting import liveness, pairs_run_backward
from topograph.graph import LayeredGraph
from topograph.propagation import BITS, BOOLEAN, arrive, pack_units
from topograph.report import Certificate, Counterexample, Undecided, Verdict
from topograph.sharing import shared
from topograph.verification.symmetry import check_symmetric

HUBS = 64
WORDS = 32  # 2048 starting units a block
BLOCKS_SECONDS = 60.0  # block sweeps estimated to take longer are left undecided
_WORD_SECONDS = 4e-9  # uniting one word along one edge


@shared
def check_connected(graph: LayeredGraph, seed: int = 0) -> Verdict:
    """Decide whether every input reaches every output.

    In turn, each linear in edges: a dead input or output refutes; a hub unit that all
    inputs reach and that reaches all outputs proves; a symmetry certificate proves. What
    is left is decided by reachability in blocks of 64 starting units a word, in random
    order, stopping at the first unconnected pair; where that would take more than a
    minute and the first block finds none, the verdict is undecided.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, butterfly
    >>> check_connected(butterfly()).holds
    True
    >>> check_connected(broken_bridge()).facts
    {'input': 2, 'output': 0, 'paths': '0'}
    """
    verdict = _by_dead_ends(graph) or _by_hub(graph, seed)
    if verdict is not None:
        return verdict
    symmetric = check_symmetric(graph, seed)
    if isinstance(symmetric, Certificate):
        return Certificate(
            "connected",
            "Every input reaches every output: the net is symmetric.",
            f"symmetry, by {symmetric.method}",
            symmetric.error_probability,
        )
    return _by_blocks(graph, seed)


def _by_dead_ends(graph: LayeredGraph) -> Counterexample | None:
    found = liveness(graph)
    dead_inputs = np.flatnonzero(~found.reaching[0])
    dead_outputs = np.flatnonzero(~found.reached[-1])
    if dead_inputs.size:
        unit = int(dead_inputs[0])
        fans = [int(layer.fan_out()[unit]) for layer in graph.outgoing(0)]
        why = ": its fan-out is 0." if not any(fans) else "."
        statement = f"Input {unit} reaches no output{why}"
        return _unconnected(unit, 0, statement, "reachability")
    if dead_outputs.size:
        unit = int(dead_outputs[0])
        fans = [int(layer.fan_in()[unit]) for layer in graph.incoming(graph.n_levels - 1)]
        why = ": its fan-in is 0." if not any(fans) else "."
        statement = f"Output {unit} is reached by no input{why}"
        return _unconnected(0, unit, statement, "reachability")
    return None


def _unconnected(source: int, sink: int, statement: str, method: str) -> Counterexample:
    facts = {"input": source, "output": sink, "paths": "0"}
    return Counterexample("connected", statement, method, facts)


def _by_hub(graph: LayeredGraph, seed: int) -> Certificate | None:
    """Look for a unit, among some of the narrowest hidden level, that all pairs can pass."""
    live = liveness(graph).live
    hidden = range(1, graph.n_levels - 1)
    if not hidden:
        return None
    middle = (graph.n_levels - 1) / 2
    level = min(hidden, key=lambda index: (int(live[index].sum()), abs(index - middle)))
    candidates = np.flatnonzero(live[level])
    if candidates.size > HUBS:
        candidates = np.random.default_rng(seed).choice(candidates, HUBS, replace=False)
    start = pack_units(graph.widths[level], candidates)
    from_inputs = arrive(graph, start, BITS, "backward", level)
    to_outputs = arrive(graph, start, BITS, "forward", level)
    both = np.bitwise_and.reduce(from_inputs) & np.bitwise_and.reduce(to_outputs)
    word = int(both[0]) if both.size else 0
    if not word:
        return None
    unit = int(candidates[(word & -word).bit_length() - 1])
    return Certificate(
        "connected",
        f"Every input reaches every output, through unit {unit} of level {level}.",
        "hub unit",
        facts={"level": level, "unit": unit},
    )


def _by_blocks(graph: LayeredGraph, seed: int) -> Verdict:
    backward = pairs_run_backward(graph)
    width = graph.n_outputs if backward else graph.n_inputs
    order = np.random.default_rng(seed).permutation(width)
    seconds = graph.work * -(-width // 64) * _WORD_SECONDS
    first, words = 0, 1
    while first < width:
        block = order[first : first + 64 * words]
        start = pack_units(width, block)
        reached = arrive(graph, start, BITS, "backward" if backward else "forward")
        full = np.bitwise_or.reduce(start)
        gaps = np.argwhere(reached != full)
        if gaps.size:
            other, word = (int(index) for index in gaps[0])
            missing = int(full[word]) & ~int(reached[other, word])
            unit = int(block[64 * word + (missing & -missing).bit_length() - 1])
            source, sink = (other, unit) if backward else (unit, other)
            return _checked_gap(graph, source, sink)
        first += block.size
        words = WORDS
        if seconds > BLOCKS_SECONDS and first < width:
            return Undecided(
                "connected",
                f"All pairs of {first} random {'outputs' if backward else 'inputs'} are "
                f"connected; the other {width - first} would take about {seconds:.0f} s.",
                "reachability in blocks",
            )
    return Certificate(
        "connected", "Every input reaches every output.", "reachability of all pairs"
    )


def _checked_gap(graph: LayeredGraph, source: int, sink: int) -> Counterexample:
    start = np.zeros(graph.n_inputs, dtype=np.bool_)
    start[source] = True
    if arrive(graph, start, BOOLEAN)[sink]:
        raise AssertionError(f"input {source} was said not to reach output {sink}, but does")
    return _unconnected(
        source, sink, f"There is no path from input {source} to output {sink}.", "reachability"
    )
