"""Families of topologies: what draws one layer, and how a net is made of such layers."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np

from topograph.biadjacency import Biadjacency, compact
from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation, allocate_edges
from topograph.generators.provenance import made_by
from topograph.graph import LayeredGraph, chain
from topograph.radix.arguments import checked_integer, checked_integers

Reachable: TypeAlias = Callable[..., tuple[int, ...]]


@dataclass(frozen=True)
class Drawn:
    """A layer with facts about its draw, which go into the provenance of the net.

    Parameters
    ----------
    biadjacency : Biadjacency
    facts : mapping
        Anything that JSON can say, such as ``{"draws": 2}``.
    """

    biadjacency: Biadjacency
    facts: Mapping[str, Any] = field(default_factory=dict)


Draw = TypeVar("Draw", bound=Callable[..., Biadjacency | Drawn])


@dataclass(frozen=True)
class Family:
    """One family of layer topologies.

    Parameters
    ----------
    name : str
        As on the command line: words joined by hyphens.
    draw : callable
        ``draw(n_in, n_out, n_edges, rng, **options)`` returns a biadjacency of that shape
        with exactly ``n_edges`` edges (`exact`; in expectation otherwise), alone or as
        `Drawn`, with facts about the draw.
    reachable : callable or None
        ``reachable(n_in, n_out, n_edges, **options)`` returns the edge counts nearest to
        ``n_edges`` that the family has at this shape: itself alone if it is one. None if
        every count from 0 to ``n_in * n_out`` is.
    exact : bool
        Whether the number of edges is met exactly.
    """

    name: str
    draw: Callable[..., Biadjacency | Drawn]
    reachable: Reachable | None = None
    exact: bool = True

    @property
    def legend(self) -> str:
        """The defining property in one line: the first of the docstring of `draw`."""
        return (inspect.getdoc(self.draw) or "").partition("\n")[0]

    @property
    def options(self) -> dict[str, Any]:
        """The family's own parameters and their defaults."""
        parameters = list(inspect.signature(self.draw).parameters.values())[4:]
        return {parameter.name: parameter.default for parameter in parameters}

    def layer(
        self, n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, **options: Any
    ) -> Drawn:
        """Draw one layer; without facts where the family tells none."""
        drawn = self.draw(n_in, n_out, n_edges, rng, **options)
        return drawn if isinstance(drawn, Drawn) else Drawn(drawn)


FAMILIES: dict[str, Family] = {}


def family(
    name: str, *, reachable: Reachable | None = None, exact: bool = True
) -> Callable[[Draw], Draw]:
    """Register a function that draws one layer, and return it unchanged."""

    def register(draw: Draw) -> Draw:
        FAMILIES[name] = Family(name, draw, reachable, exact)
        return draw

    return register


def family_net(
    name: str,
    widths: Sequence[int],
    density: float | Sequence[float] | None = None,
    *,
    fan_in: int | None = None,
    allocation: Allocation = "uniform",
    seed: int = 0,
    nearest: bool = False,
    **options: Any,
) -> LayeredGraph:
    """Draw a chain of layers of one family, with an exact number of edges in each.

    Parameters
    ----------
    name : str
        One of `FAMILIES`.
    widths : sequence of int
        Units of each level.
    density : float or sequence of float, optional
        Of the net, or of each layer; either this or ``fan_in``.
    fan_in : int, optional
        Mean number of inputs of every unit: ``fan_in * n_out`` edges a layer.
    allocation : {"uniform", "erk", "er"}, default "uniform"
        How the density is spread over the layers.
    seed : int, default 0
        Layer ``k`` is drawn from the seed sequence ``(seed, k)``, whatever the others are.
    nearest : bool, default False
        Take the nearest number of edges that the family can have, instead of refusing.
    **options
        The family's own parameters.

    Returns
    -------
    LayeredGraph
        Its provenance holds the request and, layer by layer, the edges asked for and
        reached, and facts about the draw where the family tells some.

    Raises
    ------
    ParameterError
        If the request is out of reach; the nearest reachable counts are named.

    Examples
    --------
    >>> family_net("uniform", [784, 300, 100, 10], 0.05, seed=1).n_edges
    13310
    """
    if name not in FAMILIES:
        raise ParameterError.expected("A family", f"one of {', '.join(FAMILIES)}", name)
    chosen = FAMILIES[name]
    unknown = sorted(set(options) - set(chosen.options))
    if unknown:
        known = ", ".join(chosen.options) or "none"
        raise ParameterError(
            f"Family {name!r} has no parameter {unknown[0]!r}.", hint=f"it has: {known}."
        )
    levels = checked_integers("widths", widths, 1)
    checked_integer("seed", seed, 0)
    asked = _edges_asked(levels, density, fan_in, allocation)
    drawn = []
    for index, ((n_in, n_out), n_edges) in enumerate(
        zip(itertools.pairwise(levels), asked, strict=True), start=1
    ):
        reached = _reached(chosen, index, (n_in, n_out), n_edges, nearest, options)
        rng = np.random.default_rng([seed, index])
        try:
            drawn.append(chosen.layer(n_in, n_out, reached, rng, **options))
        except ParameterError as error:
            raise error.within(f"Layer {index}") from error
    operators = [compact(layer.biadjacency) for layer in drawn]
    parameters = {
        "widths": list(levels),
        "density": list(density) if isinstance(density, Sequence) else density,
        "fan_in": fan_in,
        "allocation": None if fan_in or isinstance(density, Sequence) else allocation,
        "seed": seed,
        "nearest": nearest,
        **chosen.options,
        **options,
    }
    provenance = made_by(name, {k: v for k, v in parameters.items() if v is not None})
    provenance["edges_asked"] = list(asked)
    provenance["edges_reached"] = [operator.n_edges for operator in operators]
    if any(layer.facts for layer in drawn):
        provenance["draws"] = [dict(layer.facts) for layer in drawn]
    return chain(operators, provenance=provenance)


def _edges_asked(
    widths: tuple[int, ...],
    density: float | Sequence[float] | None,
    fan_in: int | None,
    allocation: Allocation,
) -> tuple[int, ...]:
    if (density is None) == (fan_in is None):
        raise ParameterError("Either a density or a fan-in must be given, and not both.")
    if density is not None:
        return allocate_edges(widths, density, allocation)
    each = checked_integer("fan_in", fan_in, 1)
    for index, (n_in, _) in enumerate(itertools.pairwise(widths), start=1):
        if each > n_in:
            raise ParameterError(
                f"A fan-in of {each} must not exceed the {n_in} inputs of layer {index}.",
                hint=f"ask for at most {min(widths[:-1])}, or for a density.",
            )
    return tuple(each * n_out for n_out in widths[1:])


def _reached(
    chosen: Family,
    index: int,
    shape: tuple[int, int],
    n_edges: int,
    nearest: bool,
    options: dict[str, Any],
) -> int:
    n_in, n_out = shape
    if chosen.reachable is None:
        return n_edges
    try:
        counts = chosen.reachable(n_in, n_out, n_edges, **options)
    except ParameterError as error:
        raise error.within(f"Layer {index}") from error
    if n_edges in counts:
        return n_edges
    if n_edges:  # rather denser than no layer at all
        counts = tuple(count for count in counts if count > 0) or counts
    if nearest and counts:
        return min(counts, key=lambda count: abs(count - n_edges))
    listed = " or ".join(f"{count} (density {count / (n_in * n_out):.6g})" for count in counts)
    verb = "are" if len(counts) > 1 else "is"
    taken = {**chosen.options, **options}
    said = ", ".join(f"{key} = {value}" for key, value in taken.items() if type(value) is int)
    others = f"; with others than {said} other densities can be had" if said else ""
    raise ParameterError(
        f"Layer {index} of {n_in} x {n_out} cannot have {n_edges} edges "
        f"(density {n_edges / (n_in * n_out):.6g}) in the family {chosen.name!r}.",
        hint=f"the nearest {verb} {listed}{others}; or take the nearest by `nearest` (--nearest)."
        if counts
        else "it has no member of this shape.",
    )
