"""Operations that only move entries: each is run on the numbers of units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from topograph.interop.torch.names_of_operations import JOINING, MOVES, VIEWS
from topograph.interop.torch.step import Handler, Step
from topograph.interop.units.signals import Signal, Term, in_order

_FILLED = {  # argument that holds the value of new entries
    "pad": (3, "value"),
    "constant_pad_nd": (2, "value"),
    "setitem": (2, "value"),
}


def viewed(step: Step) -> Signal:
    """Same entries, other shape."""
    return step.only_signal().viewed(step.shape)


def moved(step: Step) -> Any:
    """Entries moved as the operation moves the numbers of the units they read."""
    signals = step.signals()
    if any(isinstance(one, Signal) for one in _indices(step)):
        step.refuse("which entries it takes depends on the values of a tensor.")
    value = step.node.meta["value"]
    if not isinstance(value, Tensor):
        signals = [step.wiring.bare(signal) for signal in signals]
    made = [
        _moved_term(step, place, signal, term)
        for place, signal in enumerate(signals)
        for term in signal.terms
    ]
    if isinstance(value, Tensor):
        return Signal(step.shape, tuple(one for (one,) in made))
    return type(value)(
        Signal(tuple(part.shape), tuple(terms)) for part, *terms in zip(value, *made, strict=True)
    )


def _moved_term(step: Step, place: int, signal: Signal, term: Term) -> list[Term]:
    """Run the operation with numbers for one signal and zeros for all others."""
    numbers = torch.from_numpy(term.full_index() + 1).to(torch.float64).reshape(signal.shape)
    seen = -1

    def stand_in(argument: Any) -> Any:
        nonlocal seen
        if isinstance(argument, Signal):
            seen += 1
            return numbers if seen == place else torch.zeros(argument.shape, dtype=torch.float64)
        if isinstance(argument, Tensor):
            if argument.is_floating_point() or step.name in JOINING:
                return torch.zeros(argument.shape, dtype=torch.float64)
            return argument.cpu()
        return argument

    args, kwargs = pytree.tree_map(
        stand_in,
        (_without_values(step), step.kwargs),
        is_leaf=lambda leaf: isinstance(leaf, Signal),
    )
    if "value" in kwargs:
        kwargs = {**kwargs, "value": 0}
    found = _run(step, list(args), kwargs)
    terms = []
    for part in [found] if isinstance(found, Tensor) else found:
        index = part.reshape(-1).to(torch.int64).numpy() - 1
        same = in_order(index, term.n_units)
        terms.append(replace(term, index=same, move=step.label))
    return terms


def _run(step: Step, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if step.name == "setitem":
        changed = args[0].clone()
        changed[args[1]] = args[2]
        return changed
    if step.name == "zero":
        return torch.zeros_like(args[0])
    target: Any = step.node.target
    return target(*args, **kwargs)


def _without_values(step: Step) -> list[Any]:
    """Put 0 where a number for new entries stands."""
    args = list(step.args)
    place, _ = _FILLED.get(step.name, (len(args), ""))
    if (step.name == "pad" and place < len(args)) or (
        place < len(args) and not isinstance(args[place], Signal | Tensor)
    ):
        args[place] = 0
    elif place < len(args) and isinstance(args[place], Tensor):
        args[place] = torch.zeros(args[place].shape, dtype=torch.float64)
    if step.name == "where":
        args[1:] = [
            one
            if isinstance(one, Signal)
            else torch.zeros_like(one, dtype=torch.float64)
            if isinstance(one, Tensor)
            else torch.zeros((), dtype=torch.float64)
            for one in args[1:]
        ]
    return args


def _indices(step: Step) -> tuple[Any, ...]:
    """Return the arguments that say which entries are meant."""
    if step.name in ("getitem", "setitem"):
        chosen = step.args[1]
        return tuple(chosen) if isinstance(chosen, tuple | list) else (chosen,)
    if step.name in ("gather", "index_select", "take_along_dim", "index"):
        return tuple(
            pytree.tree_leaves(
                (step.args[1:], {key: one for key, one in step.kwargs.items() if key != "input"}),
                is_leaf=lambda leaf: isinstance(leaf, Signal),
            )
        )
    return ()


def _getitem(step: Step) -> Any:
    own = step.args[0]
    if isinstance(own, tuple | list | dict):
        return own[step.args[1]]
    return moved(step)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(VIEWS, viewed),
    **dict.fromkeys(MOVES, moved),
    "getitem": _getitem,
}
