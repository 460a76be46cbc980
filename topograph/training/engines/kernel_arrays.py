"""Which arrays do the loops of the engine ``kernel`` work on?"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]


class Layout(NamedTuple):
    """Where in the flat arrays the members, layers, units and edges are.

    Parameters
    ----------
    layers : ndarray of int64, shape (n_members + 1,)
        Member ``m`` has the layers ``layers[m]`` to ``layers[m + 1] - 1``.
    units : ndarray of int64, shape (n_layers + 1,)
        Layer ``l`` has the target units ``units[l]`` to ``units[l + 1] - 1``.
    offsets : ndarray of int64, shape (n_units + 1,)
        Target unit ``u`` has the edges ``offsets[u]`` to ``offsets[u + 1] - 1``.
    sources : ndarray of int32, shape (n_edges,)
        Source unit of each edge, counted within its level.
    """

    layers: Integers
    units: Integers
    offsets: Integers
    sources: npt.NDArray[np.int32]


class Rules(NamedTuple):
    """What of a recipe a step needs; ``first`` and ``second`` are momentum or betas."""

    is_adam: bool
    first: float
    second: float
    epsilon: float
    l2: float
    weight_decay: float
    label_smoothing: float
    relu_logits: bool
    has_biases: bool


class Ensemble(NamedTuple):
    """All that training changes, and the last gradients.

    Moments have the length of what they belong to, or 0 where the optimizer has none.
    """

    weights: Floats
    weight_gradients: Floats
    weight_first: Floats
    weight_second: Floats
    biases: Floats
    bias_gradients: Floats
    bias_first: Floats
    bias_second: Floats
