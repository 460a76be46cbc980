"""Recipes as TOML: read from a file, written to one, changed switch by switch."""

from __future__ import annotations

import dataclasses
import json
import os
import tomllib
from collections.abc import Mapping
from typing import Any

from topograph.errors import ParameterError
from topograph.io.paths import shown
from topograph.io.replacing import write_text
from topograph.io.toml_files import read_toml
from topograph.training.recipes import Recipe, find_recipe

_SWITCHES = {field.name: field for field in dataclasses.fields(Recipe)}


def load_recipe(name: str, data: str) -> Recipe:
    """Return a recipe by name, or from a file if the name ends in ``.toml``.

    Parameters
    ----------
    name : str
        ``modern``, ``alford2018``, or a path.
    data : str
        The data set, as of `find_recipe`.

    Raises
    ------
    ParameterError
        If there is no such recipe, or a switch is not what it may be.
    ReadError
        If the file cannot be read.
    """
    if not name.endswith(".toml"):
        return find_recipe(name, data)
    path, said = read_toml(name, "A recipe")
    try:
        return recipe_of(said, data, path.stem)
    except ParameterError as error:
        raise error.within(shown(path)) from error


def recipe_of(switches: Mapping[str, Any], data: str, name: str = "own") -> Recipe:
    """Return the recipe that a mapping describes.

    Parameters
    ----------
    switches : mapping
        Fields of `Recipe`. With ``base``, the name of a recipe, it may leave out those that
        are the same there; an own ``n_steps`` or ``n_epochs`` takes the place of either.
    data : str
        The data set, as of `find_recipe`.
    name : str, default "own"
        The recipe's name if the mapping gives none.

    Raises
    ------
    ParameterError
        If a switch is unknown or not what it may be.

    Examples
    --------
    >>> recipe_of({"base": "modern", "momentum": 0.0}, "mnist").rates
    ((0, 0.05),)
    """
    own = dict(switches)
    base = own.pop("base", None)
    for key in own:
        if key not in _SWITCHES:
            raise ParameterError.expected("A switch of a recipe", f"one of {_known()}", key)
    checked = {key: _value(key, value) for key, value in own.items()}
    try:
        if base is None:
            return Recipe(**({"name": name} | checked))
        start = find_recipe(str(base), data)
        changes = {"name": f"{start.name}, changed" if name == "own" else name} | checked
        if {"n_steps", "n_epochs"} & checked.keys():
            changes = {"n_steps": None, "n_epochs": None} | changes
        return dataclasses.replace(start, **changes)
    except TypeError as error:
        raise ParameterError(
            "A recipe without base must have at least batch_size, rates, and n_steps or n_epochs, "
            "but it does not.",
            hint='base = "modern" takes what is left out from there.',
        ) from error


def change_recipe(recipe: Recipe, changes: Mapping[str, str]) -> Recipe:
    """Return a recipe with other values for some switches, given as TOML values.

    Its name says what was changed.

    Parameters
    ----------
    recipe : Recipe
    changes : mapping of str to str
        Such as ``{"momentum": "0.0", "initialisation": "fan_in"}``; a word without quotes is
        taken as text.

    Examples
    --------
    >>> from topograph.training.recipes import ALFORD_2018
    >>> change_recipe(ALFORD_2018, {"relu_logits": "false"}).name
    'alford2018, relu_logits=false'
    """
    if not changes:
        return recipe
    parsed: dict[str, Any] = {}
    for key, text in changes.items():
        if key not in _SWITCHES or key == "name":
            raise ParameterError.expected("A switch of a recipe", f"one of {_known()}", key)
        parsed[key] = _parsed(text)
    if {"n_steps", "n_epochs"} & parsed.keys():
        parsed = {"n_steps": None, "n_epochs": None} | parsed
    said = ", ".join(f"{key}={text}" for key, text in changes.items())
    values: dict[str, Any] = {
        key: value if value is None else _value(key, value) for key, value in parsed.items()
    }
    return dataclasses.replace(recipe, name=f"{recipe.name}, {said}", **values)


def _parsed(text: str) -> Any:
    """Return a value from TOML, or from what people write instead: ``.5``, ``True``, a word."""
    for attempt in (text, text.lower(), f"0{text}"):
        try:
            return tomllib.loads(f"value = {attempt}")["value"]
        except tomllib.TOMLDecodeError:
            continue
    return text


def recipe_to_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML, every switch written out."""
    lines = []
    for name, value in recipe.provenance().items():
        if value is not None:
            text = json.dumps(value, ensure_ascii=False)  # JSON's values are TOML's, but for DEL
            lines.append(f"{name} = {text}".replace("\x7f", "\\u007f"))
    return "\n".join(lines) + "\n"


def write_recipe(recipe: Recipe, path: str | os.PathLike[str]) -> None:
    """Write a recipe as TOML, whole or not at all."""
    write_text(recipe_to_toml(recipe), path)


def _value(name: str, value: Any) -> Any:
    """Return a value from TOML as the field has it."""
    default = _SWITCHES[name].default
    wanted = type(default) if isinstance(default, (bool, float, str)) else None
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    whole = {"batch_size", "warmup_steps", "n_steps", "n_epochs"}
    if name in whole and (isinstance(value, bool) or not isinstance(value, int)):
        raise ParameterError.expected(name, "a whole number", value)
    if wanted is not None and not isinstance(value, wanted):
        kinds = {"bool": "true or false", "float": "a number", "str": "a word"}
        raise ParameterError.expected(name, kinds[wanted.__name__], value)
    if name in ("rates", "betas"):
        return _numbers(name, value)
    return value


def _numbers(name: str, value: Any) -> Any:
    """Return pairs ``(step, rate)``, or betas, as tuples of numbers."""
    try:
        if name == "betas":
            first, second = map(float, value)
            return first, second
        if isinstance(value, (int, float)):
            return ((0, float(value)),)
        return tuple((int(step), float(rate)) for step, rate in value)
    except (TypeError, ValueError):
        wanted = "two numbers" if name == "betas" else "a number or pairs [step, rate]"
        raise ParameterError.expected(name, wanted, value) from None


def _known() -> str:
    return ", ".join(name for name in _SWITCHES if name != "name")
