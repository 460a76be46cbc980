"""Does the same positive number of paths join every input to every output?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.counting import (
    exact_seconds,
    log10_paths,
    pair_blocks,
    pairs_run_backward,
)
from topograph.counting.totals import exact_paths, paths_cost_seconds
from topograph.graph import LayeredGraph
from topograph.propagation import (
    EXACT,
    PrimeFields,
    arrive,
    random_primes,
)
from topograph.report import Certificate, Counterexample, Verdict
from topograph.sharing import shared
from topograph.wording import spelled_count

N_PRIMES = 3
_PRIMES_BETWEEN = 5.07e7  # between 2^30 and 2^31
COUNT_ALL_PAIRS_SECONDS = 2.0  # up to here all pairs are counted: a proof without a doubt
COUNT_EXACTLY_SECONDS = 60.0  # up to here a count in a statement is given in full


@shared
def check_symmetric(graph: LayeredGraph, seed: int = 0) -> Verdict:
    r"""Decide whether ``P = c J`` with ``c > 0``: symmetry in the sense of RadiX-Nets.

    Small nets are decided by counting all pairs. Otherwise with ``u = P 1``: the net is
    symmetric iff ``u`` is constant and ``P x = (u / n_out) sum(x) 1`` for every ``x``,
    checked modulo three random primes between 2^30 and 2^31 with one random ``x`` each.
    A false acceptance has probability at most ``(floor(B / 30) / 5.07e7 + 2^-30)^3``, ``B``
    the bits of ``n_out`` times the number of all paths. Linear in edges, at any depth.

    A refutation shows two pairs with different counts, counted exactly.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, butterfly
    >>> check_symmetric(butterfly()).statement
    'Exactly 1 path joins every input to every output.'
    >>> check_symmetric(broken_bridge()).statement
    'From input 1 to output 0 there are 0 paths, but from input 0 to output 0 there is 1.'

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416; Freivalds' check of matrix products.
    """
    if log10_paths(graph) == -math.inf:
        return Counterexample(
            "symmetric",
            "No input reaches any output: there are no paths, where symmetry needs a "
            "positive number.",
            "reachability",
            {"pairs": [{"input": 0, "output": 0, "paths": "0"}]},
        )
    narrow = min(graph.n_inputs, graph.n_outputs)
    if exact_seconds(graph, narrow) <= COUNT_ALL_PAIRS_SECONDS:
        return _by_counting_all_pairs(graph)
    return _by_random_primes(graph, seed)


def _by_counting_all_pairs(graph: LayeredGraph) -> Verdict:
    method = f"all {graph.n_inputs * graph.n_outputs} pairs counted"
    low: tuple[int, int, int] | None = None
    high: tuple[int, int, int] | None = None
    for units, block in pair_blocks(graph, EXACT):
        for extreme in (np.argmin, np.argmax):
            other, column = np.unravel_index(int(extreme(block)), block.shape)
            ends = (int(other), int(units[column]))
            source, sink = ends if pairs_run_backward(graph) else ends[::-1]
            found = (int(block[other, column]), source, sink)
            low = found if low is None or found[0] < low[0] else low
            high = found if high is None or found[0] > high[0] else high
    assert low is not None  # noqa: S101  a graph has at least one pair
    assert high is not None  # noqa: S101
    if low[0] == high[0]:
        return _certificate(low[0], None, method, 0.0)
    return _two_pairs(low, high, method)


def _by_random_primes(graph: LayeredGraph, seed: int) -> Verdict:
    rng = np.random.default_rng(seed)
    primes = random_primes(N_PRIMES, rng)
    vectors = np.stack([rng.integers(0, prime, graph.n_outputs) for prime in primes], axis=1)
    ones = np.ones_like(vectors)
    fields = PrimeFields(primes * 2)
    swept = arrive(graph, np.concatenate([ones, vectors], axis=1), fields, "backward")
    sums, images = swept[:, :N_PRIMES], swept[:, N_PRIMES:]
    uneven = np.argwhere(sums != sums[0])
    if uneven.size:
        source, which = (int(index) for index in uneven[0])
        return _counterexample(graph, (source, 0), primes[which])
    expected = [
        int(sums[0, k]) * pow(graph.n_outputs, -1, prime) * int(vectors[:, k].sum() % prime) % prime
        for k, prime in enumerate(primes)
    ]
    wrong = np.argwhere(images != np.array(expected))
    if wrong.size:
        source, which = (int(index) for index in wrong[0])
        return _counterexample(graph, (source,), primes[which])
    bits = _bits_of_largest_count(graph) + math.log2(graph.n_outputs)
    doubt = (math.floor(bits / 30) / _PRIMES_BETWEEN + 2.0**-30) ** N_PRIMES
    method = f"random vectors modulo {N_PRIMES} random primes"
    if paths_cost_seconds(graph) <= COUNT_EXACTLY_SECONDS:
        count, rest = divmod(exact_paths(graph), graph.n_inputs * graph.n_outputs)
        assert not rest  # noqa: S101  the proof implies it
        return _certificate(count, None, method, doubt)
    log10 = log10_paths(graph) - math.log10(graph.n_inputs) - math.log10(graph.n_outputs)
    return _certificate(None, log10, method, doubt)


def _bits_of_largest_count(graph: LayeredGraph) -> float:
    """Bound the bits of any entry of P by those of the number of all paths."""
    return log10_paths(graph) / math.log10(2.0) + 1.0


def _certificate(count: int | None, log10: float | None, method: str, doubt: float) -> Certificate:
    facts: dict[str, Any] = {"paths_per_pair": None if count is None else str(count)}
    if count is None:
        facts["log10_paths_per_pair"] = log10
        statement = (
            f"The same number of paths, about 10^{log10:.6g}, joins every input to every output."
        )
    else:
        facts["log10_paths_per_pair"] = math.log10(count)
        noun, verb = ("path", "joins") if count == 1 else ("paths", "join")
        statement = f"Exactly {spelled_count(count)} {noun} {verb} every input to every output."
    return Certificate("symmetric", statement, method, doubt, facts)


def _counterexample(graph: LayeredGraph, inputs: tuple[int, ...], prime: int) -> Counterexample:
    """Find two pairs of different counts among the rows of inputs that failed modulo ``prime``.

    Rows that fail modulo the prime hold two counts that differ modulo it, and therefore
    differ. They are shown exactly where that is affordable, else as residues.
    """
    exact = exact_seconds(graph) <= COUNT_EXACTLY_SECONDS
    algebra: Any = EXACT if exact else PrimeFields((prime,))
    rows = {source: _row_of_pairs(graph, source, algebra) for source in inputs}
    extremes = [
        (int(row[sink]), source, int(sink))
        for source, row in rows.items()
        for sink in (np.argmin(row), np.argmax(row))
    ]
    low, high = min(extremes), max(extremes)
    if exact:
        return _two_pairs(low, high, "two pairs counted exactly")
    return _two_pairs(low, high, f"two pairs counted modulo the prime {prime}", prime)


def _row_of_pairs(graph: LayeredGraph, source: int, algebra: Any) -> Values:
    start = np.zeros((graph.n_inputs, 1), dtype=np.int64)
    start[source] = 1
    row: Values = arrive(graph, start, algebra)[:, 0]
    return row


def _two_pairs(
    low: tuple[int, int, int], high: tuple[int, int, int], method: str, prime: int = 0
) -> Counterexample:
    pairs = [
        {"input": source, "output": sink, "paths": str(count)}
        for count, source, sink in (low, high)
    ]
    modulo = f" modulo {prime}" if prime else ""
    first, other = (
        f"rom input {source} to output {sink} there {'is' if count == 1 else 'are'} "
        f"{spelled_count(count)}"
        for count, source, sink in (low, high)
    )
    noun = "path" if low[0] == 1 else "paths"
    return Counterexample(
        "symmetric",
        f"F{first} {noun}{modulo}, but f{other}{modulo}.",
        method,
        {"pairs": pairs, **({"modulo": prime} if prime else {})},
    )
