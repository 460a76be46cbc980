"""The loops of the engine ``kernel``, compiled by numba; nothing else may import this module.

Values and gradients of units are rows with the batch along them, so that an edge costs one
pass over contiguous numbers. All members of an ensemble lie end to end in flat arrays. What is
compiled is in this one file: numba keeps a function on disk until its own file changes,
whatever becomes of the functions it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Function = TypeVar("Function", bound=Callable[..., Any])
Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]

# Without "nnan" and "ninf", so that nan and infinity are carried on and seen in the loss.
_FLAGS = {"reassoc", "contract", "nsz", "arcp"}
_IMAGES_AT_ONCE = 16


def _compiled(function: Function) -> Function:
    """Return the function compiled on its first call, kept on disk where that is possible."""
    options: dict[str, Any] = {"nogil": True, "fastmath": _FLAGS, "error_model": "numpy"}
    try:
        return cast(Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # neither the package's directory nor the user's can be written
        return cast(Function, numba.njit(**options)(function))


def _inlined(function: Function) -> Function:
    """Return the function as a part of those that call it.

    On its own it would be compiled twice, alone and within its callers, and which of the two
    runs would hang on whether the caller was compiled just now or kept on disk: results would
    differ in the last digits.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": _FLAGS, "error_model": "numpy"}
    return cast(Function, numba.njit(inline="always", **options)(function))


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


@_compiled
def train(
    layout: Layout,
    rules: Rules,
    ensemble: Ensemble,
    group: Integers,
    images: Floats,
    labels: Integers,
    order: Integers,
    rates: npt.NDArray[np.float64],
    steps_before: int,
    values: Floats,
    gradients: Floats,
    losses: Floats,
) -> None:
    """Train the members of a group for the rows of ``order``.

    Parameters
    ----------
    layout, rules, ensemble
    group : ndarray of int64
        Which members.
    images : ndarray of float32, shape (n, n_inputs)
    labels : ndarray of int64, shape (n,)
    order : ndarray of int64, shape (n_steps, batch)
    rates : ndarray of float64, shape (n_steps, n_members)
    steps_before : int
        Steps taken earlier.
    values, gradients : ndarray of float32, shape (most units of a member, batch)
        Room to work in; the inputs come first.
    losses : ndarray of float32, shape (n_steps, n_members)
        Written up to the first loss of a member that is not finite; there its training ends.
    """
    n_inputs = images.shape[1]
    is_training = np.ones(group.size, dtype=np.bool_)
    for step in range(order.shape[0]):
        _gather(images, order[step], values)
        targets = labels[order[step]]
        for place in range(group.size):
            if not is_training[place]:
                continue
            member = group[place]
            _forward(layout, rules, ensemble, member, n_inputs, values)
            layer = layout.layers[member + 1] - 1
            top = n_inputs + layout.units[layer] - layout.units[layout.layers[member]]
            stop = top + layout.units[layer + 1] - layout.units[layer]
            smoothing = np.float32(rules.label_smoothing)
            loss = _cross_entropy(values[top:stop], gradients[top:stop], targets, smoothing)
            losses[step, member] = loss
            if not np.isfinite(loss):
                is_training[place] = False
                continue
            _backward(layout, rules, ensemble, member, n_inputs, values, gradients)
            _update(layout, rules, ensemble, member, rates[step, member], steps_before + step + 1)


@_compiled
def infer(
    layout: Layout,
    rules: Rules,
    ensemble: Ensemble,
    member: int,
    images: Floats,
    order: Integers,
    values: Floats,
    logits: Floats,
    active: npt.NDArray[np.bool_],
) -> None:
    """Run a member on images, a row of ``order`` at a time.

    Parameters
    ----------
    layout, rules, ensemble, member, images, order, values
        As of `train`.
    logits : ndarray of float32, shape (n, n_classes)
        Written, at the rows that ``order`` names.
    active : ndarray of bool, shape (n_units of all members,)
        Set to True for units of the member that are above 0 somewhere.
    """
    n_inputs = images.shape[1]
    first, last = layout.layers[member], layout.layers[member + 1] - 1
    base, bottom, top = n_inputs - layout.units[first], layout.units[first], layout.units[last]
    for chunk in range(order.shape[0]):
        chosen = order[chunk]
        _gather(images, chosen, values)
        _forward(layout, rules, ensemble, member, n_inputs, values)
        for unit in range(bottom, top):
            if not active[unit]:
                active[unit] = (values[base + unit] > 0).any()
        for unit in range(top, layout.units[last + 1]):
            for place in range(chosen.size):
                logits[chosen[place], unit - top] = values[base + unit, place]


@_inlined
def _gather(images: Floats, chosen: Integers, values: Floats) -> None:
    """Write the chosen images as columns, some at a time so that both sides stay in the cache."""
    for start in range(0, chosen.size, _IMAGES_AT_ONCE):
        stop = min(start + _IMAGES_AT_ONCE, chosen.size)
        for pixel in range(images.shape[1]):
            for place in range(start, stop):
                values[pixel, place] = images[chosen[place], pixel]


@_inlined
def _forward(
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


@_inlined
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


@_inlined
def _cross_entropy(
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


@_inlined
def _backward(
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


@_inlined
def _product(one: Floats, other: Floats) -> np.float32:
    total = np.float32(0)
    for place in range(one.size):
        total += one[place] * other[place]
    return total


@_inlined
def _update(
    layout: Layout, rules: Rules, ensemble: Ensemble, member: int, rate: float, steps: int
) -> None:
    """Take a step of the optimizer for a member; ``steps`` counts this one."""
    units = slice(layout.units[layout.layers[member]], layout.units[layout.layers[member + 1]])
    edges = slice(layout.offsets[units.start], layout.offsets[units.stop])
    _move(
        ensemble.weights[edges],
        ensemble.weight_gradients[edges],
        ensemble.weight_first[edges],
        ensemble.weight_second[edges],
        (rules, rate, steps, rules.l2, rules.weight_decay),
    )
    if rules.has_biases:
        _move(
            ensemble.biases[units],
            ensemble.bias_gradients[units],
            ensemble.bias_first[units],
            ensemble.bias_second[units],
            (rules, rate, steps, 0.0, 0.0),
        )


@_inlined
def _move(
    parameters: Floats,
    gradients: Floats,
    means: Floats,
    squares: Floats,
    how: tuple[Rules, float, int, float, float],
) -> None:
    """Change parameters and their moments; the arithmetic is that of ``torch.optim``.

    ``how`` is rules, rate, steps, l2 and weight decay. Scalars are of double precision until
    the loops, as in PyTorch: 1 - .999 has lost three digits otherwise.
    """
    rules, rate, steps, own_l2, weight_decay = how
    l2, first, second = np.float32(own_l2), np.float32(rules.first), np.float32(rules.second)
    if not rules.is_adam:
        scale = np.float32(rate)
        for index in range(parameters.size):
            change = gradients[index] + l2 * parameters[index]
            if means.size:
                change += first * means[index]
                means[index] = change
            parameters[index] -= scale * change
        return
    new_first, new_second = np.float32(1 - rules.first), np.float32(1 - rules.second)
    scale = np.float32(rate / (1 - rules.first**steps))
    root = np.float32(np.sqrt(1 - rules.second**steps))
    kept, epsilon = np.float32(1 - rate * weight_decay), np.float32(rules.epsilon)
    for index in range(parameters.size):
        change = gradients[index] + l2 * parameters[index]
        means[index] = first * means[index] + new_first * change
        squares[index] = second * squares[index] + new_second * change * change
        quotient = means[index] / (np.sqrt(squares[index]) / root + epsilon)
        parameters[index] = kept * parameters[index] - scale * quotient
