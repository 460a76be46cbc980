"""The registry of metrics: what is measured, of what, in which unit and at what cost."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph
from topograph.report import Better

Scope: TypeAlias = Literal["network", "layer", "both"]
Cost: TypeAlias = Literal["linear", "quadratic", "spectral", "exact"]
TooCostly: TypeAlias = Callable[[LayeredGraph], str | None]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Metric:
    """One row of the registry.

    Parameters
    ----------
    name : str
        The function's name.
    function : callable
        ``f(graph)`` for scope "network", ``f(layer)`` for "layer", and for "both"
        ``f(graph, layer=None)``: the whole network, or one of its layers in it. May take
        a keyword ``seed``.
    scope : {"network", "layer", "both"}
    unit : str
        What is counted; empty for pure numbers.
    cost : {"linear", "quadratic", "spectral", "exact"}
        Linear in the edges; up to edges times inputs or outputs; singular values of
        layers; arithmetic on integers of any length.
    legend : str
        The definition in one line: the first of the docstring.
    too_costly : callable or None
        Says why `analyze` leaves the metric out by default on a graph, or None.
    is_invariant : bool
        Whether the value stays when units of a level are put in another order.
    better : {"more", "less"} or None
        Which way is better where that is beyond dispute: units and edges that can carry nothing
        are waste, and inputs are there to be heard. None for all else: what makes a net train
        well is an open question.
    """

    name: str
    function: Callable[..., Any]
    scope: Scope
    unit: str
    cost: Cost
    legend: str
    too_costly: TooCostly | None = None
    is_invariant: bool = True
    better: Better | None = None

    @property
    def takes_seed(self) -> bool:
        """Whether the value may be estimated from a seeded sample."""
        return "seed" in inspect.signature(self.function).parameters


METRICS: dict[str, Metric] = {}


def metric(
    scope: Scope,
    *,
    unit: str = "",
    cost: Cost = "linear",
    too_costly: TooCostly | None = None,
    is_invariant: bool = True,
    better: Better | None = None,
) -> Callable[[Function], Function]:
    """Register a function as a metric and return it unchanged.

    Parameters
    ----------
    scope : {"network", "layer", "both"}
        What the function takes, as in `Metric`.
    unit : str, optional
        What is counted.
    cost : {"linear", "quadratic", "spectral", "exact"}, default "linear"
    too_costly : callable, optional
        Given a graph, says why `analyze` leaves the metric out by default, or None.
    is_invariant : bool, default True
        Whether the value stays when units of a level are put in another order.
    better : {"more", "less"}, optional
        Which way is better, as in `Metric`.

    Examples
    --------
    >>> from topograph.metrics import METRICS
    >>> METRICS["path_count"].unit
    'paths'
    """

    def register(function: Function) -> Function:
        name = function.__name__
        legend = (inspect.getdoc(function) or "").partition("\n")[0]
        METRICS[name] = Metric(
            name, function, scope, unit, cost, legend, too_costly, is_invariant, better
        )
        return function

    return register


def find_metric(name: str) -> Metric:
    """Return the metric called ``name``; ParameterError naming close matches otherwise."""
    if name in METRICS:
        return METRICS[name]
    import difflib

    close = difflib.get_close_matches(name, METRICS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else "`topograph metrics` lists all."
    raise ParameterError(f"There is no metric called {name!r}.", hint=hint)


def find_metrics(names: Iterable[str]) -> list[Metric]:
    """Return the metrics called so, each once, in the order in which they are named first.

    Raises
    ------
    ParameterError
        As of `find_metric`.

    Examples
    --------
    >>> from topograph.metrics import find_metrics
    >>> [one.name for one in find_metrics(["density", "path_count", "density"])]
    ['density', 'path_count']
    """
    return [find_metric(name) for name in dict.fromkeys(names)]
