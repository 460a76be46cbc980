"""Which options were typed, as against left at their defaults."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.core import ParameterSource


def given_options(names: Iterable[str]) -> list[str]:
    """Return which options of the running command were given, as they are typed.

    Parameters
    ----------
    names : iterable of str
        Names of parameters: ``edge_threshold`` for ``--edge-threshold``.
    """
    context = click.get_current_context()
    typed = {option.name: option.opts[0] for option in context.command.params}
    return [
        typed[name]
        for name in names
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
