"""Do the parts of a study fit each other?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from topograph.digest import content_digest
from topograph.errors import ParameterError

if TYPE_CHECKING:
    from topograph.study.design.specification import Regime, Specification, TopologySource

ALONE = ("radix", "file")  # families whose nets depend on no seed


def check_specification(study: Specification) -> None:
    """Refuse a study whose parts do not fit.

    Raises
    ------
    ParameterError
        Naming the part.
    """
    for part in ("data", "variants", "seeds", "regimes"):
        if not getattr(study, part):
            raise ParameterError(f"A study must have one or more {part}, but it has none.")
    if not study.topologies and not study.doses:
        raise ParameterError("A study must have topologies or doses, but it has neither.")
    for part in ("data", "seeds", "rate_factors", "variants", "regimes", "doses"):
        _check_unique(part, [getattr(one, "name", one) for one in getattr(study, part)])
    _check_variants(study)
    for factor in study.rate_factors:
        if not 0 < factor < math.inf:
            raise ParameterError.expected("rate_factors", "finite and above 0", factor)
    if 1.0 not in study.rate_factors:
        raise ParameterError.expected(
            "rate_factors", "a list with 1, the fixed rate", list(study.rate_factors)
        )
    without = [name for name in study.data if not study.validation_of(name)]
    if len(study.rate_factors) > 1 and without:
        raise ParameterError(
            f"n_validation must be above 0 where there are several rate_factors, but for "
            f"{without[0]} it is 0.",
            hint="the rate is chosen on images held out of the training set, never on the "
            "test set.",
        )
    _check_names(study)
    for one in study.published:
        if not 0 <= one.accuracy <= 1:
            raise ParameterError.expected("A published accuracy", "from 0 to 1", one.accuracy)


def _check_variants(study: Specification) -> None:
    known: dict[str, str] = {}
    for variant in study.variants:
        same = known.setdefault(content_digest(variant.recipe.switches()), variant.name)
        if same != variant.name:
            raise ParameterError(
                f"Variants must train in different ways, but {same!r} and {variant.name!r} "
                f"are the same."
            )


def _check_names(study: Specification) -> None:
    regimes = {regime.name: regime for regime in study.regimes}
    for source in study.topologies:
        _check_count(source)
        if source.seeds is not None and not 0 < source.seeds <= len(study.seeds):
            raise ParameterError.expected(
                f"seeds of topologies {source.name!r}",
                f"from 1 to the study's {len(study.seeds)}",
                source.seeds,
            )
        for name in source.regimes:
            _check_known(f"Regime of topologies {source.name!r}", name, regimes)
        if not any(
            source.takes_part(regime, density)
            for regime in study.regimes
            for density in regime.densities
        ):
            raise ParameterError(
                f"Topologies {source.name!r} must take part in a stratum, but the densities "
                f"{list(source.densities)} are in none of their regimes."
            )
    for dose in study.doses:
        _check_known(f"Regime of doses {dose.name!r}", dose.regime, regimes)
        allowed = regimes[dose.regime].densities
        if dose.density not in allowed:
            raise ParameterError.expected(
                f"Density of doses {dose.name!r}",
                f"one of its regime: {', '.join(map(str, allowed))}",
                dose.density,
            )
    for regime in study.regimes:
        _check_sizes(regime)
        _check_unique(f"data of regime {regime.name!r}", list(regime.data))
        _check_unique(
            f"strata of regime {regime.name!r}", list(map(regime.stratum, regime.densities))
        )
        for name in regime.data:
            _check_known(f"Data of regime {regime.name!r}", name, study.data)
    for name in study.confirmation:
        _check_known("confirmation", name, [*study.data, *regimes])


def _check_count(source: TopologySource) -> None:
    is_alone = source.family in ALONE
    if source.count < 1 or (is_alone and source.count > 1):
        wanted = "1, as all its nets would be the same" if is_alone else "at least 1"
        raise ParameterError.expected(f"count of topologies {source.name!r}", wanted, source.count)


def _check_sizes(regime: Regime) -> None:
    if len(regime.widths) < 2:
        raise ParameterError.expected(
            f"widths of regime {regime.name!r}", "those of two levels or more", list(regime.widths)
        )
    if not regime.densities or not all(0 < one <= 1 for one in regime.densities):
        raise ParameterError.expected(
            f"densities of regime {regime.name!r}",
            "one or more numbers above 0 and at most 1",
            list(regime.densities),
        )


def _check_unique(part: str, names: list[Any]) -> None:
    doubles = sorted({str(name) for name in names if names.count(name) > 1})
    if doubles:
        raise ParameterError(f"The names of {part} must differ, but {doubles[0]!r} comes twice.")


def _check_known(what: str, name: str, known: Any) -> None:
    if name not in known:
        raise ParameterError.expected(what, f"one of {', '.join(known)}", name)
