"""The loops of the engine ``kernel``, compiled by numba; nothing else may import this module."""

from __future__ import annotations

import hashlib
import inspect
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt

from topograph.training.engines import kernel_arrays, kernel_passes
from topograph.training.engines.kernel_arrays import Ensemble, Floats, Integers, Layout, Rules
from topograph.training.engines.kernel_passes import (
    FLAGS,
    Function,
    backward,
    cross_entropy,
    forward,
    inlined,
)

_IMAGES_AT_ONCE = 16


def _compiled(function: Function) -> Function:
    """Return the function compiled on its first call, kept on disk where that is possible.

    numba keeps a function under its name until its own file changes, whatever becomes of the
    functions it calls: so its name tells of the files where those are.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": FLAGS, "error_model": "numpy"}
    try:
        called = inspect.getsource(kernel_arrays) + inspect.getsource(kernel_passes)
        function.__qualname__ += "_" + hashlib.sha256(called.encode()).hexdigest()[:16]
        return cast(Function, numba.njit(cache=True, **options)(function))
    except (OSError, RuntimeError):  # no source, or no directory that can be written
        return cast(Function, numba.njit(**options)(function))


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
            forward(layout, rules, ensemble, member, n_inputs, values)
            layer = layout.layers[member + 1] - 1
            top = n_inputs + layout.units[layer] - layout.units[layout.layers[member]]
            stop = top + layout.units[layer + 1] - layout.units[layer]
            smoothing = np.float32(rules.label_smoothing)
            loss = cross_entropy(values[top:stop], gradients[top:stop], targets, smoothing)
            losses[step, member] = loss
            if not np.isfinite(loss):
                is_training[place] = False
                continue
            backward(layout, rules, ensemble, member, n_inputs, values, gradients)
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
        forward(layout, rules, ensemble, member, n_inputs, values)
        for unit in range(bottom, top):
            if not active[unit]:
                active[unit] = (values[base + unit] > 0).any()
        for unit in range(top, layout.units[last + 1]):
            for place in range(chosen.size):
                logits[chosen[place], unit - top] = values[base + unit, place]


@inlined
def _gather(images: Floats, chosen: Integers, values: Floats) -> None:
    """Write the chosen images as columns, some at a time so that both sides stay in the cache."""
    for start in range(0, chosen.size, _IMAGES_AT_ONCE):
        stop = min(start + _IMAGES_AT_ONCE, chosen.size)
        for pixel in range(images.shape[1]):
            for place in range(start, stop):
                values[pixel, place] = images[chosen[place], pixel]


@inlined
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


@inlined
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
