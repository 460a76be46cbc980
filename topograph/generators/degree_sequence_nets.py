"""Random nets in which every unit has the fan-in and the fan-out given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topograph.errors import ParameterError
from topograph.generators.degree_family import degree_layer
from topograph.generators.provenance import made_by
from topograph.graph import LayeredGraph, chain
from topograph.radix.arguments import checked_integer


def degree_sequence_net(
    fan_out: Sequence[Sequence[int]], fan_in: Sequence[Sequence[int]], seed: int = 0
) -> LayeredGraph:
    """Chain of random layers in which every unit has the degrees given.

    Each layer is a `degree_layer`: the configuration model, with edges that come twice repaired.

    Parameters
    ----------
    fan_out : sequence of sequences of int
        A list for each layer, of an entry for each of its source units.
    fan_in : sequence of sequences of int
        A list for each layer, of an entry for each of its target units.
    seed : int, default 0
        Layer ``k`` is drawn from ``(seed, k)``, whatever the others are.

    Returns
    -------
    LayeredGraph
        Its provenance holds the seed; the degrees are those of its units.

    Raises
    ------
    ParameterError
        If no layer has the degrees, or layers do not follow one another.

    References
    ----------
    Fosdick, Larremore, Nishimura & Ugander, "Configuring random graph models with fixed degree
    sequences", SIAM Review 2018.

    Examples
    --------
    >>> net = degree_sequence_net([[2, 1, 1], [1, 2, 1]], [[1, 2, 1], [4]], seed=3)
    Traceback (most recent call last):
    ...
    topograph.errors.ParameterError: Layer 2: Entry 1 of fan_in must be at most 3, the units of \
the other level, but it is 4.
    >>> degree_sequence_net([[2, 1, 1], [1, 1, 1]], [[1, 2, 1], [3]], seed=3).n_edges
    7
    """
    checked_integer("seed", seed, 0)
    if not fan_out or len(fan_out) != len(fan_in):
        raise ParameterError(
            f"fan_out and fan_in must have a list for each layer, but they have {len(fan_out)} "
            f"and {len(fan_in)}.",
        )
    for index, (given, taken) in enumerate(zip(fan_in, fan_out[1:], strict=False), start=1):
        if len(given) != len(taken):
            raise ParameterError(
                f"The fan-ins of layer {index} and the fan-outs of layer {index + 1} must be of "
                f"the same units, but they are {len(given)} and {len(taken)}."
            )
    layers = []
    for index, (out, into) in enumerate(zip(fan_out, fan_in, strict=True), start=1):
        try:
            layers.append(degree_layer(into, out, np.random.default_rng([seed, index])))
        except ParameterError as error:
            raise error.within(f"Layer {index}") from error
    return chain(layers, provenance=made_by("degree-sequence", {"seed": seed}))
