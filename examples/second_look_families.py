"""How do the families of the main study differ, and what is their labelling worth?"""

from __future__ import annotations

from collections.abc import Sequence

from second_look_means import (
    Topology,
    around,
    deviation,
    grouped,
    half_width,
    mean,
    shown,
    table,
    welch_half_width,
)
from second_look_predictors import Cell, cells_of

PAIRS = (
    ("balanced", "uniform"),
    ("expander", "non-expander"),
    ("biregular", "uniform"),
    ("RadiX, degree twins", "uniform"),
    ("iteratively pruned", "iteratively pruned, degree twins"),
    ("iteratively pruned", "iteratively pruned, density twins"),
)
TWINS = (", degree twins", ", density twins")
LABELLED = (
    *("receptive field", "banded", "RadiX", "RadiX, degree twins", "iteratively pruned"),
    *("iteratively pruned, degree twins", "iteratively pruned, density twins"),
)
Families = dict[str, list[Topology]]


def families_of(topologies: Sequence[Topology]) -> dict[Cell, Families]:
    """Return the topologies of each family of each cell."""
    return {
        cell: grouped(within, lambda one: one.row["family"])
        for cell, within in cells_of(topologies).items()
    }


def families(topologies: Sequence[Topology]) -> list[str]:
    """Describe every family of every cell."""
    lines = []
    for cell, within in families_of(topologies).items():
        for name, those in within.items():
            accuracies = [one.accuracy for one in those]
            natural, relabelled = ([v for v in found if v is not None] for found in _sides(those))
            numbers = (mean(accuracies), deviation(accuracies), mean(natural), mean(relabelled))
            lines.append(
                [
                    *(*cell, name, str(len(those)), *map(shown, numbers)),
                    shown(100 * mean(one.failures for one in those), 1),
                    str(sum(one.metric("dead_outputs") > 0 for one in those)),
                    shown(mean(one.metric("dead_inputs") for one in those), 0),
                    shown(mean(one.metric("connected_pair_fraction") for one in those), 3),
                    str(those[0].row["edges.3"]),
                ]
            )
    columns = [
        *("data", "stratum", "family", "topologies", "accuracy", "sd", "natural", "relabelled"),
        *("runs that miss a class, %", "with dead outputs", "dead inputs", "reach"),
        "edges of layer 3",
    ]
    return [
        "Accuracy: mean over all labellings of a topology, then mean and standard deviation over "
        "topologies. Natural: in the natural labelling alone; relabelled: in random ones. Dead "
        "inputs and reach: means over topologies; with dead outputs: how many topologies.",
        table(columns, lines, words=3),
    ] * bool(lines)


def _sides(those: Sequence[Topology]) -> tuple[list[float | None], list[float | None]]:
    return [one.natural for one in those], [one.relabelled for one in those]


def differences(topologies: Sequence[Topology]) -> list[str]:
    """Describe differences of means between families, and to twins."""
    lines, paired = [], []
    for cell, within in families_of(topologies).items():
        for name, other in PAIRS:
            if name in within and other in within:
                sides = [within[name], within[other]]
                one, two = ([topology.accuracy for topology in side] for side in sides)
                more = [
                    " and ".join(shown(mean(t.metric(of) for t in side), digits) for side in sides)
                    for of, digits in (("dead_inputs", 0), ("connected_pair_fraction", 3))
                ]
                difference = around(mean(one) - mean(two), welch_half_width(one, two))
                lines.append([*cell, f"{name} less {other}", difference, *more])
        for name in within:
            for twin in (name + kind for kind in TWINS if name + kind in within):
                gains = _against_twins(within[name], within[twin])
                found = around(mean(gains), half_width(gains))
                paired.append([*cell, f"{name} less its {twin.split(', ')[-1]}", found])
                paired[-1].append(str(len(gains)))
    columns = ["data", "stratum", "families", "difference", "dead inputs", "reach"]
    return [
        "Differences of mean accuracy over topologies, with Welch's 95 % interval.",
        table(columns, lines, words=3),
        "A topology less the mean of its own twins, mean over topologies, with Student's 95 % "
        "interval (none for one topology).",
        table(["data", "stratum", "families", "difference", "topologies"], paired, words=3),
    ] * bool(lines or paired)


def _against_twins(those: Sequence[Topology], twins: Sequence[Topology]) -> list[float]:
    by_base = grouped(twins, lambda one: one.row["base"])
    return [
        one.accuracy - mean(twin.accuracy for twin in by_base[one.row["topology"]])
        for one in those
        if one.row["topology"] in by_base
    ]


def labellings(topologies: Sequence[Topology]) -> list[str]:
    """Describe what the natural labelling of a family gains over random ones."""
    lines = []
    apart = [one for cell in cells_of(topologies).values() for one in cell]
    named = [one for one in apart if one.row["family"] in LABELLED]
    places = ("data", "regime", "family")
    for place, those in grouped(named, lambda one: tuple(one.row[n] for n in places)).items():
        sides = zip(*_sides(those), strict=True)
        gains = [nat - other for nat, other in sides if nat is not None and other is not None]
        if gains:
            found = [around(mean(gains), half_width(gains)), shown(min(gains), signed=True)]
            lines.append([*place, *found, shown(max(gains), signed=True), str(len(gains))])
    columns = ["data", "regime", "family", "gain", "smallest", "largest", "topologies"]
    return [
        "Accuracy in the natural labelling less the mean of random ones, of each topology of all "
        "densities; mean over topologies with Student's 95 % interval.",
        table(columns, lines, words=3),
    ] * bool(lines)
