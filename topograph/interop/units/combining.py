"""Sums and products of tensors, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.interop.units.signals import Signal, Term, reads_the_same

MASKED = -50.0
"""Numbers up to this one, added to scores, are as good as minus infinity: weights of e^-50."""
NORMS = (
    "Normalisation, softmax and statistics of a tensor's own entries are identities on units: "
    "the mean or variance that they share is not counted as edges."
)
GATES = "Entries that multiply each other both feed the product."


def added(signals: Iterable[Signal], shape: tuple[int, ...], label: str) -> Signal:
    """Return all operands: their paths add."""
    terms = [
        _named(term, f"{label}/skip", residual=True)
        for signal in signals
        for term in signal.broadcast(shape).terms
    ]
    return Signal(shape, tuple(terms))


def united(signals: Iterable[Signal], shape: tuple[int, ...], label: str) -> Signal:
    """Return all that the operands read, an edge that several give once."""
    terms: list[Term] = []
    for signal in signals:
        for term in signal.broadcast(shape).terms:
            if not any(term.reads_the_same(other) for other in terms):
                terms.append(_named(term, f"{label}/factor"))
    return Signal(shape, tuple(terms))


def beside_its_statistic(signals: list[Signal], shape: tuple[int, ...]) -> Signal | None:
    """Return the tensor where the other operand is a statistic of it: a norm written out."""
    for one, other in (signals[:2], signals[1::-1]):
        of = other.statistic_of
        if of is not None and one.shape == shape and reads_the_same(one.terms, of):
            return one
    return None


def hiding(signal: Signal, hidden: Values) -> Signal:
    """Return scores of which some say that a token does not read another."""
    assert signal.scores is not None  # noqa: S101  asked before
    tokens, others = signal.shape[-2:]
    allowed = ~np.broadcast_to(hidden, signal.shape).reshape(-1, tokens, others)
    before = signal.scores.allowed
    scores = replace(signal.scores, allowed=allowed if before is None else allowed & before)
    return replace(signal, scores=scores)


def _named(term: Term, name: str, residual: bool = False) -> Term:
    if term.operator is None:
        return replace(term, move=name, residual=residual)
    is_structural = bool(getattr(term.operator, "is_structural", False))
    return replace(term, residual=residual and is_structural)
