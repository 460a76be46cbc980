"""What did moving the reach do, and what moved along?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from second_look_means import Topology, around, grouped, half_width, mean, shown, table
from second_look_predictors import correlation, ranks, values

MIDDLE = (0.44, 0.67)  # where nothing else moves
HELD = ("effective_density", "spectral_gap.mean", "end_to_end_gap", "path_count")
ALONG = (
    *("connected_pair_fraction", "path_count_cv", "paths_per_pair_max", *HELD, "sigma_1.mean"),
    *("sigma_1.max", "sigma_2.mean", "sigma_2.max", "fan_in_cv.mean", "fan_out_cv.mean"),
    *("spectral_gap.min", "component_count", "live_units"),
)
Series = list[Topology]  # by rising dose


def doses(topologies: Sequence[Topology]) -> list[str]:
    """Describe accuracy and properties along the series in which reach was moved."""
    dosed = [one for one in topologies if one.row["role"] == "dose"]
    by_data = {
        data: [
            sorted(series, key=lambda one: float(one.row["dose"]))
            for series in grouped(those, lambda one: one.row["series"]).values()
        ]
        for data, those in grouped(dosed, lambda one: one.row["data"]).items()
    }
    if not by_data:
        return []
    first = next(iter(by_data.values()))
    return [
        "Accuracy is that of a topology; intervals are Student's over series, 95 %.",
        "\n".join(_response(data, series) for data, series in by_data.items()),
        _steps(by_data),
        _along(first),
        _held(first),
        _correlation(first),
    ]


def _response(data: str, series: list[Series]) -> str:
    slopes = [_slope(one) for one in series]
    low, high = MIDDLE
    rises = [_at(one, high).accuracy - _at(one, low).accuracy for one in series]
    up, middle_up = (sum(value > 0 for value in found) for found in (slopes, rises))
    return (
        f"- {data}: {around(mean(slopes), half_width(slopes))} points a unit of reach, mean of the "
        f"least squares slopes of {len(series)} series, upwards in {up}; p = "
        f"{shown(_flipped(slopes), 3)} by flipping signs. From the dose nearest to {low} to that "
        f"nearest to {high}: {around(mean(rises), half_width(rises))} points, upwards in "
        f"{middle_up} of {len(series)}."
    )


def _slope(series: Series) -> float:
    dose = np.array([float(one.row["dose"]) for one in series])
    accuracy = np.array([one.accuracy for one in series])
    return float(np.polyfit(dose, accuracy, 1)[0])


def _at(series: Series, dose: float) -> Topology:
    return min(series, key=lambda one: abs(float(one.row["dose"]) - dose))


def _flipped(slopes: Sequence[float]) -> float:
    """Two-sided p of the mean slope, every series' sign flipped in every way (2^16 at most)."""
    if len(slopes) > 16:
        return math.nan
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(slopes))))
    sums = np.abs(signs @ np.array(slopes))
    return float((sums >= abs(sum(slopes)) * (1 - 1e-9)).mean())


def _steps(by_data: dict[str, list[Series]]) -> str:
    lines = []
    for step in range(max(len(one) for series in by_data.values() for one in series)):
        there = {
            data: [one[step] for one in series if step < len(one)]
            for data, series in by_data.items()
        }
        reach = mean(float(one.row["dose"]) for those in there.values() for one in those)
        found = (shown(mean(one.accuracy for one in those)) for those in there.values())
        lines.append([str(step + 1), shown(reach), *found])
    return table(["dose, by rank in its series", "mean reach", *by_data], lines)


def _along(series: list[Series]) -> str:
    length = min(map(len, series))
    lines = []
    for name in ALONG:
        ratios = np.array(
            [
                [
                    100 * (one.metric(name) / _at(s, MIDDLE[0]).metric(name) - 1)
                    for one in s[:length]
                ]
                for s in series
                if _at(s, MIDDLE[0]).metric(name)
            ]
        )
        if ratios.size and np.abs(ratios.mean(axis=0)).max() >= 1:
            largest = shown(float(np.abs(ratios).max()), 1)
            lines.append([name, *(shown(r, 1, signed=True) for r in ratios.mean(axis=0)), largest])
    columns = ["property", *(str(step + 1) for step in range(length)), "largest of a series"]
    return (
        f"What else moved, in percent of its value at the dose nearest to {MIDDLE[0]}, mean over "
        "series; properties that move by less than 1 % at every dose are left out.\n\n"
    ) + table(columns, lines)


def _held(series: list[Series]) -> str:
    found = []
    for name in HELD:
        columns = [[one.metric(name) for one in s] for s in series]
        ends = [(max(column), min(column)) for column in columns]
        widest = max((100 * (high - low) / (high + low) for high, low in ends if high), default=0)
        found.append(f"{name} {shown(widest, 1)} %")
    listed = ", ".join(found)
    return f"Largest distance of a held property from the middle of its series' range: {listed}."


def _correlation(series: list[Series]) -> str:
    def rho(those: Series) -> float:
        names = ("connected_pair_fraction", "path_count_cv")
        return correlation(*(ranks(values(name)(those)) for name in names))

    whole = rho([one for s in series for one in s])
    return (
        "Rank correlation of reach and of the variation of path counts: "
        f"{shown(whole, signed=True)} over all dosed topologies, "
        f"{shown(mean(map(rho, series)), signed=True)} within a series, mean over series."
    )
