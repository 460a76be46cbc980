"""Slow and obvious: definitions by enumeration, held against the fast functions."""

from __future__ import annotations

import itertools
import math

import numpy as np


def sign(value):
    return int(value > 0) - int(value < 0)


def tau_within(first, second, strata):
    balance, weight = 0, 0.0
    for stratum in set(strata):
        rows = [row for row, at in enumerate(strata) if at == stratum]
        pairs = list(itertools.combinations(rows, 2))
        balance += sum(sign(first[i] - first[j]) * sign(second[i] - second[j]) for i, j in pairs)
        untied = [sum(column[i] != column[j] for i, j in pairs) for column in (first, second)]
        weight += math.sqrt(untied[0] * untied[1])
    return balance / weight if weight else None


def all_orders(groups):
    """Every order of the positions that stays within the groups."""
    blocks = [
        [at for at, one in enumerate(groups) if one == group] for group in sorted(set(groups))
    ]
    for choice in itertools.product(*(itertools.permutations(block) for block in blocks)):
        order = list(range(len(groups)))
        for block, moved in zip(blocks, choice, strict=True):
            for place, taken in zip(block, moved, strict=True):
                order[place] = taken
        yield order


def exact_p(first, second, strata):
    """Two-sided p-value over every permutation within strata, one row a topology."""
    observed = abs(tau_within(first, second, strata))
    taus = [
        abs(tau_within(first, [second[at] for at in order], strata)) for order in all_orders(strata)
    ]
    return float(np.mean([tau >= observed - 1e-9 for tau in taus]))


def mean_rank(values, strata, topologies):
    """Mean midrank of each topology in each stratum, as a dict."""
    found = {}
    for stratum, topology in sorted(set(zip(strata, topologies, strict=True))):
        inside = [value for value, at in zip(values, strata, strict=True) if at == stratum]
        ranks = [
            sum(other < value for other in inside) + (inside.count(value) + 1) / 2
            for value, at, one in zip(values, strata, topologies, strict=True)
            if (at, one) == (stratum, topology)
        ]
        found[stratum, topology] = sum(ranks) / len(ranks)
    return found
