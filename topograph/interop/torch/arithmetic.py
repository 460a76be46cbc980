"""Operations entry by entry: activations and norms, sums, products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from topograph.biadjacency.operator import Values
from topograph.interop.torch.moves import moved
from topograph.interop.torch.names_of_operations import (
    ELEMENTWISE,
    NORMALISATIONS,
    PRODUCTS,
    SUMS,
)
from topograph.interop.torch.step import Handler, Step
from topograph.interop.units.combining import (
    GATES,
    MASKED,
    NORMS,
    added,
    beside_its_statistic,
    hiding,
    united,
)
from topograph.interop.units.signals import Signal


def _elementwise(step: Step) -> Any:
    """Return what the first tensor reads."""
    signal = step.args[0] if step.args else step.argument(0, "input")
    if not isinstance(signal, Signal) or len(step.signals()) > 1:
        step.refuse("its options depend on the input.")
    if step.name in NORMALISATIONS:
        step.note(NORMS)
    value = step.node.meta["value"]
    made = signal.broadcast(step.shape)
    return made if isinstance(value, Tensor) else (made, *(None for _ in value[1:]))


def _sum(step: Step) -> Signal:
    """Return both operands: their paths add. Constants feed nothing.

    A tensor less its mean is a norm; a mean that is added is one more way.
    """
    signals = step.signals()
    if len(signals) == 1:
        return _with_constant(step, signals[0])
    alpha = step.kwargs.get("alpha", 1)
    is_less = (step.name in ("sub", "subtract", "rsub")) != (
        isinstance(alpha, int | float) and alpha < 0
    )
    found = _of_its_statistic(step, signals) if is_less else None
    return added(signals, step.shape, step.label) if found is None else found


def _product(step: Step) -> Signal:
    """Return both operands, an edge that both give once."""
    signals = step.signals()
    if len(signals) == 1:
        return _scaled(step, signals[0])
    found = _of_its_statistic(step, signals)
    return union(step, signals) if found is None else found


def _scaled(step: Step, signal: Signal) -> Signal:
    """Return a tensor times a constant: a zero that is in no mask prunes nothing."""
    return signal.broadcast(step.shape)


def union(step: Step, signals: list[Signal]) -> Signal:
    """Return all that the operands read, an edge that several give once."""
    found = united(signals, step.shape, step.label)
    if len(found.terms) > 1:
        step.note(GATES)
    return found


def _where(step: Step) -> Signal:
    if isinstance(step.args[0], Signal):
        return union(step, step.signals())
    chosen = _array(step.args[0]).astype(bool)
    one, other = step.args[1:3]
    for signal, value, hidden in ((one, other, ~chosen), (other, one, chosen)):
        if isinstance(signal, Signal) and not isinstance(value, Signal):
            kept = _hidden(step, value, hidden, signal)
            if kept is not None:
                return kept
    made: Signal = moved(step)
    return made


def _filled(step: Step) -> Signal:
    """``masked_fill``: of scores, it hides tokens; otherwise an identity."""
    signal, mask = step.args[0], step.argument(1, "mask")
    if not isinstance(signal, Signal) or len(step.signals()) > 1:
        step.refuse("which entries are replaced depends on the input.")
    kept = _hidden(step, step.argument(2, "value"), _array(mask).astype(bool), signal)
    return signal.broadcast(step.shape) if kept is None else kept


def _assigned(step: Step) -> Any:
    """``scores[chosen] = -inf`` hides tokens; otherwise entries take the place of others."""
    signal, chosen, value = step.args
    if isinstance(signal, Signal) and len(step.signals()) == 1 and signal.scores is not None:
        hidden = torch.zeros(signal.shape, dtype=torch.bool)
        hidden[chosen] = True
        kept = _hidden(step, value, hidden.numpy(), signal)
        if kept is not None:
            return kept
    return moved(step)


def _with_constant(step: Step, signal: Signal) -> Signal:
    gains_axes = signal.shape[-2:] == step.shape[-2:] and signal.size == prod(step.shape)
    if signal.scores is not None and gains_axes:
        signal = signal.viewed(step.shape)  # of width 1
    made = signal.broadcast(step.shape)
    constants = [one for one in step.args if isinstance(one, Tensor)]
    is_negated = step.name in ("sub", "subtract") and isinstance(step.args[0], Tensor)
    if signal.scores is None or made is not signal or not constants or is_negated:
        return made
    sign = -1 if step.name in ("sub", "subtract") else 1
    hidden = sign * _array(constants[0]) <= MASKED
    return hiding(signal, hidden) if hidden.any() else made


def _hidden(step: Step, value: Any, hidden: Values, signal: Signal) -> Signal | None:
    is_one = isinstance(value, int | float) or (isinstance(value, Tensor) and value.numel() == 1)
    number = float(value) if is_one else 0.0
    if signal.scores is None or number > MASKED or signal.shape != step.shape:
        return None
    return hiding(signal, hidden)


def _of_its_statistic(step: Step, signals: list[Signal]) -> Signal | None:
    found = beside_its_statistic(signals, step.shape)
    if found is not None:
        step.note(NORMS)
    return found


def _array(value: Any) -> Values:
    return (
        value.detach().cpu().to(torch.float64).numpy()
        if isinstance(value, Tensor)
        else (np.asarray(value))
    )


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(SUMS, _sum),
    **dict.fromkeys(PRODUCTS, _product),
    "where": _where,
    "setitem": _assigned,
    "masked_fill": _filled,
}
