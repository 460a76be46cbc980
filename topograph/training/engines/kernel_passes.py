"""The loops of one pass up and one down a net, for the engine ``kernel``.

Values and gradients of units are rows with the batch along them, so that an edge costs one
pass over contiguous numbers. All members of an ensemble lie end to end in flat arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from topograph.training.engines.kernel_arrays import Ensemble, Floats, Integers, Layout, Rules

Function = TypeVar("Function", bound=Callable[..., Any])

# Without "nnan" and "ninf", so that nan and infinity are carried on and seen in the loss.
FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def inlined(function: Function) -> Function:
    """Return the function as a part of those that call it.

    On its own it would be compiled twice, alone and within its callers, and which of the two
    runs would hang on whether the caller was compiled just now or kept on disk: results would
    differ in the last digits.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": FLAGS, "error_model": "numpy"}
    return cast(Function, numba.njit(inline="always", **options)(function))


@inlined
def forward(
    layout: Layout, rules: Rules, ensemble: Ensemble, member: int, n_inputs: int, values: Floats
) -> None:
    """Compute the values of all units of a member from those of its inputs."""
    sources, weights = layout.sources, ensemble.weights
    first, stop = layout.layers[member], layout.layers[member + 1]
    base = n_inputs - layout.units[first]
    below = 0
    for layer in range(first, stop):
        is_rectified = layer < stop - 1 or rules.relu_logits
        for unit in range(layout.units[layer], layout.units[layer + 1]):
            row = values[base + unit]
            row[:] = ensemble.biases[unit] if rules.has_biases else np.float32(0)
            edge, end = layout.offsets[unit], layout.offsets[unit + 1]
            while edge + 4 <= end:
                _add_four(row, values, below, sources, weights, edge)
                edge += 4
            while edge < end:
                weight, source = weights[edge], values[below + sources[edge]]
                for place in range(row.size):
                    row[place] += weight * source[place]
                edge += 1
            if is_rectified:
                for place in range(row.size):  # in this order nan stays nan
                    row[place] = np.float32(0) if row[place] < 0 else row[place]
        below = base + layout.units[layer]


@inlined
def _add_four(
    row: Floats,
    values: Floats,
    below: int,
    sources: npt.NDArray[np.int32],
    weights: Floats,
    edge: int,
) -> None:
    """Add what four edges bring in one pass: the sums are read and written a quarter as often."""
    weight_0, weight_1 = weights[edge], weights[edge + 1]
    weight_2, weight_3 = weights[edge + 2], weights[edge + 3]
    source_0, source_1 = values[below + sources[edge]], values[below + sources[edge + 1]]
    source_2, source_3 = values[below + sources[edge + 2]], values[below + sources[edge + 3]]
    for place in range(row.size):
        row[place] += (
            weight_0 * source_0[place]
            + weight_1 * source_1[place]
            + weight_2 * source_2[place]
            + weight_3 * source_3[place]
        )


@inlined
def cross_entropy(
    logits: Floats, gradients: Floats, targets: Integers, smoothing: np.float32
) -> float:
    """Return the mean loss of a batch and write its gradient on the logits.

    Both arrays are of shape (n_classes, batch).
    """
    n_classes, batch = logits.shape
    share, spread = np.float32(1) - smoothing, smoothing / np.float32(n_classes)
    loss: float = 0.0
    for place in range(batch):
        highest = logits[0, place]
        for unit in range(1, n_classes):
            highest = max(highest, logits[unit, place])
        parts, distances = np.float32(0), np.float32(0)
        for unit in range(n_classes):
            distance = logits[unit, place] - highest
            distances += distance
            gradients[unit, place] = np.exp(distance)
            parts += gradients[unit, place]
        target, logarithm = targets[place], np.log(parts)
        loss += share * (logarithm - (logits[target, place] - highest))
        if smoothing > 0:
            loss += spread * (np.float32(n_classes) * logarithm - distances)
        for unit in range(n_classes):
            change = gradients[unit, place] / parts - spread
            if unit == target:
                change -= share
            gradients[unit, place] = change / np.float32(batch)
    return float(loss / batch)


@inlined
def backward(
    layout: Layout,
    rules: Rules,
    ensemble: Ensemble,
    member: int,
    n_inputs: int,
    values: Floats,
    gradients: Floats,
) -> None:
    """Compute the gradients on weights and biases from those on the logits."""
    sources, weights = layout.sources, ensemble.weights
    first, stop = layout.layers[member], layout.layers[member + 1]
    base = n_inputs - layout.units[first]
    for layer in range(stop - 1, first - 1, -1):
        below = 0 if layer == first else base + layout.units[layer - 1]
        if layer > first:
            gradients[below : base + layout.units[layer]] = 0
        is_rectified = layer < stop - 1 or rules.relu_logits
        for unit in range(layout.units[layer], layout.units[layer + 1]):
            row, value = gradients[base + unit], values[base + unit]
            total, n_others = np.float32(0), 0
            for place in range(row.size):
                if is_rectified:
                    row[place] = np.float32(0) if value[place] <= 0 else row[place]
                total += row[place]
                n_others += row[place] != 0  # counted to the end: 16 at a time
            if rules.has_biases:
                ensemble.bias_gradients[unit] = total
            start, end = layout.offsets[unit], layout.offsets[unit + 1]
            if n_others == 0:  # the unit is dead, or leads nowhere
                ensemble.weight_gradients[start:end] = 0
                continue
            for edge in range(start, end):
                source = below + sources[edge]
                ensemble.weight_gradients[edge] = _product(row, values[source])
                if layer > first:
                    weight, row_below = weights[edge], gradients[source]
                    for place in range(row.size):
                        row_below[place] += weight * row[place]


@inlined
def _product(one: Floats, other: Floats) -> np.float32:
    total = np.float32(0)
    for place in range(one.size):
        total += one[place] * other[place]
    return total
