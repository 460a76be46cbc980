"""Nodes that only move entries: done to arrays, and to the numbers of units alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.interop.onnx.step import Handler, Step, Value
from topograph.interop.onnx.tensors import Constant
from topograph.interop.units.signals import Signal, Term

_MODES = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def moved(step: Step, shape: tuple[int, ...], move: Callable[[Values], Any]) -> Value:
    """Return what a function does that only moves entries of the first input.

    Parameters
    ----------
    step : Step
    shape : tuple of int
        Of the result.
    move : callable
        New entries are to be 0.
    """
    data = step.args[0]
    if isinstance(data, Signal):
        step.hold_index(shape)
        return data.moved(move, step.label)
    if data is None:
        step.refuse("its first input is left out.")
    step.store.budget.check(prod(shape) * 8, "a constant")
    return Constant.of(move(data.array), data.name)


def shape_of(step: Step) -> tuple[int, ...]:
    """Return the shape of the first input."""
    data = step.args[0] if step.args else None
    if data is None:
        step.refuse("its first input is left out.")
    return data.shape if isinstance(data, Signal) else data.array.shape


def axis_of(step: Step, default: int, rank: int, name: str = "axis") -> int:
    """Return an axis counted from the front."""
    axis = int(step.attribute(name, default))
    if not -rank <= axis < rank:
        step.refuse(f"axis {axis} is none of its {rank}.")
    return axis % rank


def viewed(step: Step, shape: tuple[int, ...]) -> Value:
    """Return the same entries in another shape."""
    data = step.args[0]
    if prod(shape) != prod(shape_of(step)):
        step.refuse(
            f"{shape_of(step)} has not the entries of {shape}.",
            "one sample is followed: export the model with an open batch, or a batch of 1.",
        )
    if isinstance(data, Signal):
        return data.viewed(shape)
    assert data is not None  # noqa: S101  it has a shape
    return Constant.of(data.array.reshape(shape), data.name)


def _reshape(step: Step) -> Value:
    before, wanted = shape_of(step), step.numbers(1, "shape") or []
    if not step.attribute("allowzero", 0):
        wanted = [n if n else before[place] for place, n in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = -prod(wanted)
        wanted[wanted.index(-1)] = prod(before) // rest if rest > 0 else 0
    return viewed(step, tuple(wanted))


def _flatten(step: Step) -> Value:
    before = shape_of(step)
    axis = int(step.attribute("axis", 1))
    return viewed(step, (prod(before[:axis]), prod(before[axis:])))


def _squeeze(step: Step) -> Value:
    before, axes = shape_of(step), step.numbers(1, "axes")
    gone = {place for place, n in enumerate(before) if n == 1}
    if axes is not None:
        gone = {axis % len(before) for axis in axes}
    return viewed(step, tuple(n for place, n in enumerate(before) if place not in gone))


def _unsqueeze(step: Step) -> Value:
    before, axes = list(shape_of(step)), step.numbers(1, "axes") or []
    rank = len(before) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        before.insert(axis, 1)
    return viewed(step, tuple(before))


def _transpose(step: Step) -> Value:
    before = shape_of(step)
    order = step.attribute("perm") or range(len(before))[::-1]
    places = [int(place) for place in order]
    shape = tuple(before[place] for place in places)
    return moved(step, shape, lambda numbers: numbers.transpose(places))


def _slice(step: Step) -> Value:
    before = shape_of(step)
    starts, ends = step.numbers(1, "starts") or [], step.numbers(2, "ends") or []
    axes = step.numbers(3, "axes") or list(range(len(starts)))
    steps = step.numbers(4) or [1] * len(starts)
    chosen = [slice(None)] * len(before)
    for start, end, axis, stride in zip(starts, ends, axes, steps, strict=True):
        chosen[axis] = slice(start, end, stride)
    shape = tuple(len(range(*part.indices(n))) for part, n in zip(chosen, before, strict=True))
    return moved(step, shape, lambda numbers: numbers[tuple(chosen)])


def _split(step: Step) -> tuple[Value, ...]:
    before = shape_of(step)
    axis = axis_of(step, 0, len(before))
    count = int(step.attribute("num_outputs", len(step.node.outputs)))
    if count != len(step.node.outputs):
        step.refuse(f"{len(step.node.outputs)} outputs are not {count}.")
    size = -(-before[axis] // count)
    widths = step.numbers(1, "split") or [
        min(size, before[axis] - size * part) for part in range(count)
    ]
    if sum(widths) != before[axis] or min(widths) < 0 or len(widths) != len(step.node.outputs):
        step.refuse(f"{len(step.node.outputs)} parts of {before[axis]} entries are not {widths}.")
    data = step.args[0]
    if isinstance(data, Signal):
        bare = step.encoding.wiring.bare(data)  # so that no layer is written twice
        step = replace(step, args=(bare, *step.args[1:]))
    ends = np.cumsum([0, *widths]).tolist()
    return tuple(_part(step, before, axis, first, last) for first, last in pairwise(ends))


def _part(step: Step, before: tuple[int, ...], axis: int, first: int, last: int) -> Value:
    chosen = (slice(None),) * axis + (slice(first, last),)
    shape = (*before[:axis], last - first, *before[axis + 1 :])
    return moved(step, shape, lambda numbers: numbers[chosen])


def _concat(step: Step) -> Value:
    parts = [arg for arg in step.args if arg is not None]
    arrays = [arg.array for arg in parts if isinstance(arg, Constant)]
    if len(arrays) == len(parts):
        step.store.budget.check(sum(array.nbytes for array in arrays), "a constant")
        return Constant.of(np.concatenate(arrays, int(step.attribute("axis", 0))))
    shapes = [arg.shape if isinstance(arg, Signal) else arg.array.shape for arg in parts]
    axis = axis_of(step, 1, len(shapes[0]))
    shape = list(shapes[0])
    shape[axis] = sum(own[axis] for own in shapes)
    terms: list[Term] = []
    for place, signal in enumerate(parts):
        if not isinstance(signal, Signal):
            continue
        step.hold_index(tuple(shape))
        others = [np.zeros(own, dtype=np.int64) for own in shapes]

        def together(numbers: Values, place: int = place, others: list[Values] = others) -> Values:
            return np.concatenate([*others[:place], numbers, *others[place + 1 :]], axis)

        terms += signal.moved(together, step.label).terms
    return Signal(tuple(shape), tuple(terms))


def _pad(step: Step) -> Value:
    before, mode = shape_of(step), step.attribute("mode", "constant")
    pads = step.numbers(1, "pads" if "pads" in step.node.attributes else "paddings") or []
    axes = [axis % len(before) for axis in step.numbers(3) or range(len(before))]
    if mode not in ("constant", *_MODES) or len(pads) != 2 * len(axes):
        step.refuse(f"padding of mode {mode!r} by {len(pads)} numbers is not known.")
    ends = [(0, 0)] * len(before)
    for axis, pair in zip(
        axes, zip(pads[: len(axes)], pads[len(axes) :], strict=True), strict=True
    ):
        ends[axis] = pair
    shape = tuple(n + sum(pair) for n, pair in zip(before, ends, strict=True))
    crops = tuple(
        slice(max(0, -first), n + min(0, last))
        for n, (first, last) in zip(before, ends, strict=True)
    )
    grown = [(max(0, first), max(0, last)) for first, last in ends]

    def padded(numbers: Values) -> Any:
        pad: Any = np.pad
        return pad(numbers[crops], grown, mode=_MODES.get(mode, "constant"))

    return moved(step, shape, padded)


def _gather(step: Step) -> Value:
    before, indices = shape_of(step), step.constant(1)
    axis = axis_of(step, 0, len(before))
    if indices is None:
        step.refuse("it has no indices.")
    places = indices.astype(np.int64)
    shape = (*before[:axis], *places.shape, *before[axis + 1 :])
    return moved(step, shape, lambda numbers: np.take(numbers, places, axis))


def _gather_elements(step: Step) -> Value:
    before, indices = shape_of(step), step.constant(1)
    axis = axis_of(step, 0, len(before))
    if indices is None:
        step.refuse("it has no indices.")
    places = indices.astype(np.int64)
    return moved(step, places.shape, lambda numbers: np.take_along_axis(numbers, places, axis))


def _expand(step: Step) -> Value:
    shape = np.broadcast_shapes(shape_of(step), tuple(step.numbers(1) or []))
    return moved(step, tuple(shape), lambda numbers: np.broadcast_to(numbers, shape))


def _tile(step: Step) -> Value:
    times = step.numbers(1) or []
    shape = tuple(n * count for n, count in zip(shape_of(step), times, strict=True))
    return moved(step, shape, lambda numbers: np.tile(numbers, times))


def _depth_to_space(step: Step) -> Value:
    n, c, h, w = shape_of(step)
    size = int(step.attribute("blocksize", 1))
    if step.attribute("mode", "DCR") == "CRD":
        split, order = (n, c // size**2, size, size, h, w), (0, 1, 4, 2, 5, 3)
    else:
        split, order = (n, size, size, c // size**2, h, w), (0, 3, 4, 1, 5, 2)
    shape = (n, c // size**2, h * size, w * size)
    return moved(
        step, shape, lambda numbers: numbers.reshape(split).transpose(order).reshape(shape)
    )


def _space_to_depth(step: Step) -> Value:
    n, c, h, w = shape_of(step)
    size = int(step.attribute("blocksize", 1))
    split, shape = (n, c, h // size, size, w // size, size), (n, c * size**2, h // size, w // size)
    order = (0, 3, 5, 1, 2, 4)
    return moved(
        step, shape, lambda numbers: numbers.reshape(split).transpose(order).reshape(shape)
    )


HANDLERS: dict[str, Handler] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Slice": _slice,
    "Split": _split,
    "Concat": _concat,
    "Pad": _pad,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "Expand": _expand,
    "Tile": _tile,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
