"""All layers with given degrees, by trying them, and how evenly a draw hits them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence

from scipy.stats import chi2

from topograph.biadjacency import Biadjacency

Cells = tuple[int, ...]


def realisations(fan_in: Sequence[int], fan_out: Sequence[int]) -> list[Cells]:
    """Cells of every layer with these degrees; row by row, every choice of outputs."""
    n_out = len(fan_in)
    found = []
    for rows in itertools.product(
        *(itertools.combinations(range(n_out), fans) for fans in fan_out)
    ):
        used = Counter(itertools.chain.from_iterable(rows))
        if all(used[unit] == fans for unit, fans in enumerate(fan_in)):
            found.append(tuple(i * n_out + j for i, row in enumerate(rows) for j in row))
    return found


def cells(layer: Biadjacency) -> Cells:
    rows, columns = layer.to_csr().nonzero()
    return tuple(sorted((rows * layer.shape[1] + columns).tolist()))


def chance_of_such_uneven_draws(
    possible: Sequence[Cells], draw: Callable[[int], Cells], n_draws: int
) -> float:
    """p-value of the chi-square test that all possible outcomes are equally likely."""
    counts = Counter(draw(number) for number in range(n_draws))
    assert set(counts) <= set(possible)
    expected = n_draws / len(possible)
    statistic = sum((counts[outcome] - expected) ** 2 / expected for outcome in possible)
    return float(chi2.sf(statistic, len(possible) - 1))
