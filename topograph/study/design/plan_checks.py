"""Can the tests that a study lays down be done on what it trains?"""

from __future__ import annotations

import math

from topograph.errors import ParameterError
from topograph.metrics import find_metric
from topograph.study.design.specification import Regime, Specification
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.study.design.topologies import topologies_of
from topograph.study.statistics.columns import fraction, positive
from topograph.training.data.published import find_published


def check_plan(specification: Specification) -> None:
    """Refuse a study whose tests would fail after all is trained, or that has a net twice.

    Raises
    ------
    ParameterError
        If a property is none that can be measured, or is named twice; if the baseline is no
        family of the study; if a number is out of its range; if a topology comes twice.
    """
    plan = specification.statistics
    named = (*plan.primaries, *plan.exploratory)
    for name in named:
        if named.count(name) > 1:
            raise ParameterError(f"statistics: Property {name!r} must be named once, but is twice.")
        if name not in plan.composites:
            _check_property(name)
    for parts in plan.composites.values():
        for part in parts:
            _check_property(part.removeprefix("-"))
    _check_numbers(plan)
    families = _families(specification)
    if plan.baseline and plan.baseline not in families:
        raise ParameterError.expected(
            "statistics: baseline", f"one of {', '.join(sorted(families))}", plan.baseline
        )


def _check_property(name: str) -> None:
    metric = name.partition(".")[0]
    scope = find_metric(metric).scope
    allowed = [] if scope == "layer" else [metric]
    if scope != "network":
        allowed += [f"{metric}.{one}" for one in ("mean", "min", "max")]
    if name not in allowed:
        raise ParameterError.expected(
            "statistics: a property", f"one of {', '.join(allowed)}", name
        )


def check_fit(regime: Regime, data: str) -> None:
    """Refuse widths that do not fit a data set, which need not be here for that.

    Raises
    ------
    ParameterError
        If there is no such data set, or it has other inputs or classes.
    """
    known = find_published(data)
    wanted = (math.prod(known.shape), known.n_classes)
    widths = regime.final_widths
    if (widths[0], widths[-1]) != wanted:
        raise ParameterError(
            f"widths of regime {regime.name!r} must begin with the {wanted[0]} inputs and end with "
            f"the {wanted[1]} classes of {data}, but they are {list(widths)}.",
            hint="widths of a source of topologies draws wider nets that are fitted; append_dense "
            "adds logits; data of a regime says what it is trained on.",
        )


def _check_numbers(plan: StatisticalPlan) -> None:
    for name in ("n_permutations", "n_resamples"):
        positive(f"statistics: {name}", getattr(plan, name))
    for name in ("level", "least_class_share", "collinear_above"):
        fraction(f"statistics: {name}", getattr(plan, name))


def _families(specification: Specification) -> set[str]:
    """Return the families of a study, and see to it that no topology comes twice."""
    places: dict[str, str] = {}
    families = set()
    for topology in topologies_of(specification):
        if topology.labelling:
            continue
        families.add(topology.family)
        place = f"{topology.family!r} in stratum {topology.stratum!r}"
        other = places.setdefault(topology.key, place)
        if other is not place:
            raise ParameterError(
                f"A topology must come once in a study, but {other} and {place} have the same.",
                hint="give one of them another first_seed, or the regime both data sets.",
            )
    return families
