"""Nodes that work entry by entry: activations and norms, sums, products."""

from __future__ import annotations

import numpy as np

from topograph.interop.onnx.moves import moved
from topograph.interop.onnx.step import Handler, Step, Value
from topograph.interop.onnx.tensors import Constant
from topograph.interop.units.combining import (
    GATES,
    MASKED,
    NORMS,
    added,
    beside_its_statistic,
    hiding,
    united,
)
from topograph.interop.units.signals import Signal, Term

_NORMALISATIONS = """
    BatchNormalization LayerNormalization InstanceNormalization GroupNormalization
    RMSNormalization LpNormalization MeanVarianceNormalization LRN Softmax LogSoftmax
"""
_ELEMENTWISE = """
    Relu LeakyRelu PRelu Elu Selu Celu Gelu Sigmoid HardSigmoid Tanh Softplus Softsign HardSwish
    Swish Mish Clip ThresholdedRelu Shrink Dropout Identity Cast CastLike Abs Neg Erf Exp Log Sqrt
    Reciprocal Floor Ceil Round Sign Sin Cos Tan Asin Acos Atan Sinh Cosh Not IsNaN IsInf
"""
_SUMS = "Add Sub Sum Mean"
_PRODUCTS = """
    Mul Div Pow Mod Max Min Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor
"""


def _elementwise(step: Step) -> tuple[Value, ...]:
    """Return what the first input reads, and nothing for statistics beside it."""
    signal = step.data()
    if step.node.op in _NORMALISATIONS.split():
        step.note(NORMS)
    return (signal, *(None for _ in step.node.outputs[1:]))


def _sum(step: Step) -> Signal:
    """Return all operands: their paths add. Constants feed nothing."""
    signals, shape = step.signals(), step.broadcast()
    if len(signals) == 1:
        return _with_constant(step, step.spread(signals[0], shape))
    found = _of_its_statistic(step, signals, shape) if step.node.op == "Sub" else None
    if found is not None:
        return found
    return added([step.spread(signal, shape) for signal in signals], shape, step.label)


def _product(step: Step) -> Signal:
    """Return all operands, an edge that several give once; a constant changes nothing."""
    signals, shape = step.signals(), step.broadcast()
    if len(signals) == 1:
        return step.spread(signals[0], shape)
    found = _of_its_statistic(step, signals, shape)
    return _united(step, signals, shape) if found is None else found


def _united(step: Step, signals: list[Signal], shape: tuple[int, ...]) -> Signal:
    found = united([step.spread(signal, shape) for signal in signals], shape, step.label)
    if len(found.terms) > 1:
        step.note(GATES)
    return found


def _with_constant(step: Step, signal: Signal) -> Signal:
    """Return scores of which a constant far below zero hides some, or else the same."""
    is_negated = step.node.op == "Sub" and isinstance(step.args[0], Constant)
    if signal.scores is None or step.node.op not in ("Add", "Sub") or is_negated:
        return signal
    for arg in step.args:
        if isinstance(arg, Constant):
            hidden = (-arg.array if step.node.op == "Sub" else arg.array) <= MASKED
            return hiding(signal, hidden) if hidden.any() else signal
    return signal


def _of_its_statistic(step: Step, signals: list[Signal], shape: tuple[int, ...]) -> Signal | None:
    found = beside_its_statistic(signals, shape) if len(signals) == 2 else None
    if found is not None:
        step.note(NORMS)
    return found


def _where(step: Step) -> Signal:
    """Return entries of the one or the other, as a constant says; or what all read."""
    condition, one, other = step.args
    shape = step.broadcast()
    if isinstance(condition, Signal):
        return _united(step, step.signals(), shape)
    assert condition is not None  # noqa: S101  or there were no shape
    chosen = np.broadcast_to(condition.array.astype(bool), shape)
    for signal, constant, hidden in ((one, other, ~chosen), (other, one, chosen)):
        if isinstance(signal, Signal) and isinstance(constant, Constant):
            masks = signal.scores is not None and signal.shape == shape
            if masks and constant.array.size and (constant.array <= MASKED).all():
                return hiding(signal, hidden)
    terms: list[Term] = []
    for value, keeps in ((one, chosen), (other, ~chosen)):
        if isinstance(value, Signal):
            step.hold_index(shape)
            part = value.broadcast(shape).moved(
                lambda numbers, keeps=keeps: np.where(keeps, numbers, 0),  # type: ignore[misc]
                step.label,
            )
            terms += part.terms
    return Signal(shape, tuple(terms))


def _lower_or_upper(step: Step) -> Value:
    """``Trilu``: entries on one side of a diagonal."""
    keep = np.triu if step.attribute("upper", 1) else np.tril
    diagonal = (step.numbers(1) or [0])[0]
    data = step.args[0]
    shape = data.shape if isinstance(data, Signal) else data.array.shape if data else ()
    return moved(step, shape, lambda numbers: keep(numbers, diagonal))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys((*_ELEMENTWISE.split(), *_NORMALISATIONS.split()), _elementwise),
    **dict.fromkeys(_SUMS.split(), _sum),
    **dict.fromkeys(_PRODUCTS.split(), _product),
    "Where": _where,
    "Trilu": _lower_or_upper,
}
