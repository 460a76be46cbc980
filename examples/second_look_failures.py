"""Which rate suited the nets of the main study, and which of them miss a class?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from second_look_means import Net, Topology, mean, shown, table
from second_look_predictors import cells_of, pools_of

TELLING = "output_fan_in_min"


def rates(topologies: Sequence[Topology]) -> list[str]:
    """Describe how many labelled nets do best at an end of the grid of rates."""
    groups = {
        "all": list(topologies),
        "doses apart": [one for cell in cells_of(topologies).values() for one in cell],
    }
    lines = []
    for name, those in groups.items():
        numbers = [
            100 * share
            for is_at_end in (_is_best_at_an_end, _is_best_the_largest)
            for share in (
                mean(is_at_end(net) for one in those for net in one.nets),
                mean(mean(map(is_at_end, one.nets)) for one in those),
            )
        ]
        count = sum(len(one.nets) for one in those)
        lines.append([name, str(count), *(shown(number, 1) for number in numbers)])
    columns = ["nets", "labelled nets", "either end, %", "mean over topologies, %"]
    return [
        "Labelled nets, on each data set, whose best rate is the smallest or largest tried: their "
        "share, and the mean over topologies of the share of its labellings.",
        table([*columns, "largest, %", "mean over topologies, %"], lines),
    ] * bool(topologies)


def _is_best_at_an_end(net: Net) -> bool:
    return len(net.rates) > 1 and net.rate in (net.rates[0], net.rates[-1])


def _is_best_the_largest(net: Net) -> bool:
    return len(net.rates) > 1 and net.rate == net.rates[-1]


def failures(topologies: Sequence[Topology]) -> list[str]:
    """Describe who never predicts some class, and whether the outputs' fan-in tells."""
    cells = cells_of(topologies)
    runs = {cell: [_runs(one) for one in within] for cell, within in cells.items()}
    failed = {cell: sum(bad for bad, _ in found) for cell, found in runs.items()}
    total, every = sum(failed.values()), sum(n for found in runs.values() for _, n in found)
    if not every:
        return []
    lines = [
        [
            *(*cell, str(sum(n for _, n in runs[cell])), str(failed[cell])),
            shown(100 * failed[cell] / total if total else math.nan, 1),
            shown(100 * mean(one.failures for one in within), 1),
            shown(_telling([within])),
        ]
        for cell, within in cells.items()
    ]
    columns = ["data", "stratum", "runs", "miss a class", "of all that do, %"]
    over = mean(one.failures for within in cells.values() for one in within)
    pools = ", ".join(f"{name} {shown(_telling(p))}" for name, p in pools_of(topologies).items())
    return [
        f"{total:,} of {every:,} runs miss a class, {shown(100 * total / every, 1)} % (doses "
        f"apart); the mean over topologies of the share of its runs is {shown(100 * over, 1)} %.",
        table([*columns, "mean over topologies, %", "told"], lines, words=2),
        f"Told: of two nets of different topologies of a cell, of which one misses a class, how "
        f"often it has the smaller {TELLING} (equal ones count one half); topologies weigh alike. "
        f"Over all such pairs: {pools}.",
    ]


def _runs(one: Topology) -> tuple[int, int]:
    found = [bad for net in one.nets for bad in net.failed]
    return sum(found), len(found)


def _telling(cells: Sequence[Sequence[Topology]]) -> float:
    """Chance that a net which misses a class has the smaller fan-in of the two."""
    right = pairs = 0.0
    for cell in cells:
        share = np.array([one.failures for one in cell])
        value = np.array([one.metric(TELLING) for one in cell])
        weight = np.outer(share, 1 - share)
        np.fill_diagonal(weight, 0)
        order = (np.sign(value[None, :] - value[:, None]) + 1) / 2
        right, pairs = right + float((weight * order).sum()), pairs + float(weight.sum())
    return right / pairs if pairs else math.nan
