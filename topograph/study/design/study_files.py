"""Studies as TOML files."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from topograph.errors import ParameterError, TopographError
from topograph.generators import FAMILIES
from topograph.generators.allocation import Allocation
from topograph.generators.dosing import check_dose
from topograph.io.paths import shown
from topograph.io.toml_files import read_toml
from topograph.study.design.plan_checks import check_plan
from topograph.study.design.specification import (
    OWN_FAMILIES,
    DoseSource,
    Published,
    Regime,
    Specification,
    TopologySource,
    Variant,
    roles,
)
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.training.recipe_files import recipe_of

Record = TypeVar("Record")
_TOP = (
    "name",
    "question",
    "data",
    "confirmation",
    "seeds",
    "rate_factors",
    "n_validation",
    "relabellings",
)
_TABLES = ("recipe", "regimes", "topologies", "doses", "statistics", "published")


def read_study(path: str | os.PathLike[str]) -> Specification:
    """Read the file of a study.

    Parameters
    ----------
    path : path
        TOML, as the page on studies in the documentation describes.

    Raises
    ------
    ReadError
        If it cannot be read or is no TOML.
    ParameterError
        If a key is unknown, or a value is not what it may be.
    """
    file, said = read_toml(path, "A study")
    try:
        return study_of(said, file.stem)
    except TopographError as error:
        raise error.within(shown(file)) from error


def study_of(said: Mapping[str, Any], name: str = "study") -> Specification:
    """Return the study that a mapping, as of a file, describes.

    Raises
    ------
    ParameterError
        If a key is unknown, or a value is not what it may be.
    """
    _check_keys("A study", said, (*_TOP, *_TABLES))
    for key in ("name", "question"):
        _word(key, said.get(key, ""))
    data = _strings("data", said.get("data", ["digits"]))
    top: dict[str, Any] = {
        "name": said.get("name", name),
        "question": said.get("question", ""),
        "data": data,
        "confirmation": _strings("confirmation", said.get("confirmation", [])),
        "seeds": _seeds(said.get("seeds", 1)),
        "rate_factors": tuple(
            _number("rate_factors", one)
            for one in _listed("rate_factors", said.get("rate_factors", [1.0]))
        ),
        "n_validation": _validation(said.get("n_validation", {}), data),
        "relabellings": _whole("relabellings", said.get("relabellings", 0)),
    }
    found = Specification(
        **top,
        variants=_variants(_table("recipe", said.get("recipe", {})), data[0] if data else ""),
        regimes=tuple(
            _record(Regime, one, f"regimes {_called(one)}") for one in _tables("regimes", said)
        ),
        topologies=tuple(_source(one) for one in _tables("topologies", said)),
        doses=tuple(_dose(one) for one in _tables("doses", said)),
        published=tuple(_record(Published, one, "published") for one in _tables("published", said)),
        statistics=_statistics(_table("statistics", said.get("statistics", {}))),
    )
    check_plan(found)
    return found


def _validation(value: Any, data: tuple[str, ...]) -> dict[str, int]:
    """Return a number for each data set, from one for all or a table."""
    if not isinstance(value, Mapping):
        number = _whole("n_validation", value)
        return dict.fromkeys(data, number) if number else {}
    _check_keys("Table n_validation", value, data)
    return {name: _whole(f"n_validation.{name}", number) for name, number in value.items()}


def _variants(said: Mapping[str, Any], data: str) -> tuple[Variant, ...]:
    """Return one variant for each combination of the factors, or each of those listed."""
    own = dict(said)
    factors, listed_ones = _table("recipe.factors", own.pop("factors", {})), "variants" in own
    if listed_ones:
        if factors:
            raise ParameterError("A recipe must have factors or variants, but it has both.")
        variants = []
        for one in _tables("variants", {"variants": own.pop("variants")}):
            if "name" not in one:
                raise ParameterError(f"A variant must have a name, but {dict(one)} has none.")
            name = _word("recipe.variants: name", one["name"])
            variants.append(Variant(name, _recipe(own | dict(one), data, name)))
        return tuple(variants)
    for key, values in factors.items():
        _listed(f"recipe.factors.{key}", values)
    found = []
    for values in itertools.product(*factors.values()):
        chosen = dict(zip(factors, values, strict=True))
        name = ", ".join(f"{key}={_said(value)}" for key, value in chosen.items())
        name = name or str(own.get("name", own.get("base", "modern")))
        found.append(Variant(name, _recipe(own | chosen, data, name), chosen))
    return tuple(found)


def _recipe(switches: Mapping[str, Any], data: str, name: str) -> Any:
    given = {key: value for key, value in switches.items() if key != "name"}
    return dataclasses.replace(recipe_of({"base": "modern"} | given, data), name=name)


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source(said: Mapping[str, Any]) -> TopologySource:
    if "family" not in said:
        raise ParameterError(f"Topologies must name a family, but {dict(said)} do not.")
    given = {"name": said["family"], "role": "named"} | dict(said)
    if given["family"] == "continuous" and "role" not in said:
        given["role"] = "sampled"
    if given["role"] not in roles():
        raise ParameterError.expected(
            f"topologies {_called(given)}: role", f"one of {', '.join(roles())}", given["role"]
        )
    if given["family"] not in (*FAMILIES, *OWN_FAMILIES):
        known = ", ".join((*FAMILIES, *OWN_FAMILIES))
        raise ParameterError.expected(
            f"topologies {_called(given)}: family", f"one of {known}", given["family"]
        )
    return _record(TopologySource, given, f"topologies {_called(given)}")


def _dose(said: Mapping[str, Any]) -> DoseSource:
    where = f"doses {_called(said)}"
    found = _record(DoseSource, said, where)
    if found.family not in (*FAMILIES, "radix", "file"):
        known = ", ".join((*FAMILIES, "radix", "file"))
        raise ParameterError.expected(f"{where}: family", f"one of {known}", found.family)
    try:
        check_dose(found.moved, found.held, found.n_steps, found.tolerance)
    except ParameterError as error:
        raise error.within(where) from error
    return found


def _statistics(said: Mapping[str, Any]) -> StatisticalPlan:
    given = dict(said)
    composites = {
        name: _strings(f"composites.{name}", parts)
        for name, parts in _table("composites", given.pop("composites", {})).items()
    }
    return _record(StatisticalPlan, given | {"composites": composites}, "statistics")


def _record(kind: type[Record], said: Mapping[str, Any], where: str) -> Record:
    """Return a dataclass from a table of TOML: lists become tuples, keys are checked."""
    fields = {one.name: one for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    _check_keys(f"Table {where}", said, tuple(fields))
    needed = [
        name
        for name, one in fields.items()
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]
    missing = [name for name in needed if name not in said]
    if missing:
        raise ParameterError(f"Table {where} must have {', '.join(missing)}, which it lacks.")
    return kind(
        **{key: _field(f"{where}: {key}", fields[key], value) for key, value in said.items()}
    )


def _field(where: str, one: dataclasses.Field[Any], value: Any) -> Any:
    """Return a value as the field's annotation wants it."""
    wanted = str(one.type)
    if wanted.startswith("tuple[int"):
        return tuple(_whole(where, each, 1) for each in _listed(where, value))
    if wanted.startswith("tuple[float"):
        return tuple(_number(where, each) for each in _listed(where, value))
    if wanted.startswith("tuple[str"):
        return _strings(where, value)
    if wanted.startswith("int"):
        return _whole(where, value)
    if wanted.startswith("float"):
        return _number(where, value)
    if wanted == "bool" and not isinstance(value, bool):
        raise ParameterError.expected(where, "true or false", value)
    if wanted == "str":
        return _word(where, value)
    if wanted == "Allocation" and value not in get_args(Allocation):
        raise ParameterError.expected(where, f"one of {', '.join(get_args(Allocation))}", value)
    return _table(where, value) if wanted.startswith("Mapping") else value


def _called(said: Mapping[str, Any]) -> str:
    """Return the name of a table, for errors about it."""
    return repr(said.get("name", "without a name"))


def _table(where: str, value: Any) -> Mapping[str, Any]:
    """Return a table, if JSON can say what is in it."""
    if not isinstance(value, Mapping):
        raise ParameterError.expected(where, "a table", value)
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ParameterError.expected(
            where, "a table of words, finite numbers, true, false and lists of them", dict(value)
        ) from error
    return value


def _tables(name: str, said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = said.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise ParameterError.expected(name, f"tables [[{name}]]", found)
    return found


def _word(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ParameterError.expected(where, "a word", value)
    return value


def _listed(where: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ParameterError.expected(where, "a list", value)
    return value


def _strings(where: str, value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else _listed(where, value)
    for one in found:
        if not isinstance(one, str):
            raise ParameterError.expected(where, "a list of words", value)
    return tuple(found)


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ParameterError.expected(where, "a finite number", value)
    return float(value)


def _whole(where: str, value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ParameterError.expected(where, f"a whole number of at least {least}", value)
    return value


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        return tuple(range(_whole("seeds", value, 1)))
    return tuple(_whole("seeds", one) for one in _listed("seeds", value))


def _check_keys(what: str, said: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in said:
        if key not in known:
            raise ParameterError(
                f"{what} must have no key {key!r}, but it has.", hint=f"known: {', '.join(known)}."
            )
