"""One net of an ensemble, and its initial weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from topograph.errors import GraphError
from topograph.graph import LayeredGraph
from topograph.training.engines.pattern import Pattern
from topograph.training.initialisation import LINEAR_BIAS, LINEAR_DEVIATION
from topograph.training.recipes import OutputLayer, Recipe
from topograph.training.seeding import seeded_generator


@dataclass(frozen=True, eq=False)
class Member:
    """A net to be trained whose architecture is a chain of sparse layers.

    Units of hidden levels are rectified linear; the last level gives one logit a class.

    Parameters
    ----------
    name : str
        For messages.
    graph : LayeredGraph
        Where the patterns come from.
    patterns : tuple of Pattern
        One a layer.
    seed : int, default 0
        Of the initial weights.
    rate_factor : float, default 1.0
        The recipe's learning rate is multiplied by it.
    """

    name: str
    graph: LayeredGraph
    patterns: tuple[Pattern, ...]
    seed: int = 0
    rate_factor: float = 1.0

    @classmethod
    def of_graph(
        cls,
        graph: LayeredGraph,
        name: str = "net",
        seed: int = 0,
        rate_factor: float = 1.0,
        output_layer: OutputLayer = "as_masked",
    ) -> Self:
        """Return the member for a chain, its last layer dense if the recipe wants that.

        Raises
        ------
        GraphError
            If the graph is no chain.

        Examples
        --------
        >>> from topograph.toy import butterfly
        >>> Member.of_graph(butterfly(), output_layer="dense").n_edges
        24
        """
        if not graph.is_chain:
            raise GraphError(
                f"{name}: a net must have one layer from each level to the next to be trained, "
                f"but layers of this one skip levels or are parallel."
            )
        patterns = [Pattern.of_layer(layer) for layer in graph.layers]
        if output_layer == "dense":
            patterns[-1] = Pattern.complete(*patterns[-1].shape)
        return cls(name, graph, tuple(patterns), seed, rate_factor)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level."""
        return self.graph.widths

    @property
    def n_edges(self) -> int:
        """Edges of all layers: the number of weights."""
        return sum(pattern.n_edges for pattern in self.patterns)

    @property
    def density(self) -> float:
        """Edges over those of dense layers."""
        return self.n_edges / sum(math.prod(pattern.shape) for pattern in self.patterns)


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """Weights and biases of a layer.

    Parameters
    ----------
    weights : Tensor of float32, shape (n_edges,)
        In the order of the layer's `Pattern`.
    biases : Tensor of float32, shape (n_out,), or None
        None for a net without biases.
    """

    weights: Tensor
    biases: Tensor | None


def initial_parameters(member: Member, recipe: Recipe) -> list[LayerParameters]:
    """Draw the initial weights of a member: the same on every engine and device.

    Edge by edge, in the order of the patterns: no dense matrix is ever made. The scales are
    those of `topograph.training.initialise`.

    Parameters
    ----------
    member : Member
        Its seed is used.
    recipe : Recipe
        Its ``initialisation`` and ``biases``.

    Returns
    -------
    list of LayerParameters
        On the CPU, one a layer.
    """
    layers = []
    for number, pattern in enumerate(member.patterns):
        generator = seeded_generator(member.seed, "weights", number)
        weights, constant = torch.empty(pattern.n_edges), 0.0
        if recipe.initialisation == "truncated_normal":
            bound = 2 * LINEAR_DEVIATION
            torch.nn.init.trunc_normal_(
                weights, 0.0, LINEAR_DEVIATION, -bound, bound, generator=generator
            )
            constant = LINEAR_BIAS
        else:
            weights.normal_(generator=generator)
            weights *= _scale(pattern, recipe.initialisation == "fan_in")
        biases = torch.full((pattern.shape[1],), constant) if recipe.biases else None
        layers.append(LayerParameters(weights, biases))
    return layers


def _scale(pattern: Pattern, is_true_fan_in: bool) -> Tensor | float:
    """Return ``sqrt(2 / inputs)`` for each edge, or for all."""
    if not is_true_fan_in:
        return math.sqrt(2 / pattern.shape[0])
    fan_in = torch.from_numpy(pattern.fan_in())
    return (2 / fan_in.clamp_min(1).float()).sqrt().repeat_interleave(fan_in)
