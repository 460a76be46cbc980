"""What a tracer finds: the operations that a sample goes through, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph

_FOLLOWS = 0.7  # a correlation that other weights of some size do not reach


@dataclass(frozen=True, eq=False)
class Program:
    """The operations on a sample as a graph of `torch.fx`.

    Every node has in ``meta``: ``called``, the name of its operation; ``value``, what came out
    for the sample; ``scope``, the dotted name of its module; ``label``, a name for layers that
    have no weights; ``line``, of the model's source.

    Parameters
    ----------
    graph : Graph
    tool : str
        The tracer.
    names : WeightNames
    """

    graph: Graph
    tool: str
    names: WeightNames


@dataclass(eq=False)
class WeightNames:
    """The dotted names of the tensors of a module, by identity.

    Parameters
    ----------
    module : nn.Module
    """

    module: nn.Module
    _names: dict[int, str] = field(default_factory=dict)
    _alive: list[Tensor] = field(default_factory=list)  # or another could get the identity

    def __post_init__(self) -> None:
        for name, tensor in _named_tensors(self.module):
            self.learn(tensor, name)

    def learn(self, tensor: Tensor, name: str) -> None:
        """Keep a name, unless the tensor has one."""
        if id(tensor) not in self._names:
            self._names[id(tensor)] = name
            self._alive.append(tensor)

    def look_for(self, tensor: Tensor, scope: str, part: nn.Module) -> None:
        """Learn the name of a tensor that is a plain attribute of a module, as pruned ones are."""
        if id(tensor) in self._names:
            return
        for inner, child in part.named_modules():
            for attribute, value in child.__dict__.items():
                if value is tensor:
                    self.learn(tensor, ".".join(filter(None, (scope, inner, attribute))))

    def name_of(self, tensor: Tensor, scope: str) -> str | None:
        """Return the dotted name; of a computed tensor ``scope.weight`` if it is made of it.

        It is if its entries are those of the weight, at the same places: standardised weights,
        weights times a mask, and not a transposed weight, or another one of its shape.
        """
        known = self._names.get(id(tensor))
        if known is not None:
            return known
        try:
            weight = self.module.get_submodule(scope).weight
        except AttributeError:
            return None
        if isinstance(weight, Tensor) and _follows(tensor, weight):
            return f"{scope}.weight" if scope else "weight"
        return None

    def viewed(self, tensor: Tensor) -> tuple[str, Tensor] | None:
        """Return the named tensor that a tensor is a view of, and where its entries are there."""
        if tensor.numel() == 0 or id(tensor) in self._names:
            return None
        for source in self._alive:
            if source.untyped_storage().data_ptr() != tensor.untyped_storage().data_ptr():
                continue
            if not source.is_contiguous() or source.storage_offset():
                continue
            places = torch.arange(source.numel()).as_strided(
                tensor.shape, tensor.stride(), tensor.storage_offset()
            )
            return self._names[id(source)], places
        return None


def _follows(tensor: Tensor, weight: Tensor) -> bool:
    """Whether the entries of a computed tensor go with those of a weight at the same places."""
    if tensor.shape != weight.shape:
        return False
    made, own = (one.detach().to(torch.float64).cpu() for one in (tensor, weight))
    kept = made != 0
    if int(kept.sum()) < 2:
        return True
    here = _agreement(made, own, kept)
    axes = list(range(made.ndim))
    others = [own.flip(axis) for axis in axes]
    if made.ndim > 1 and made.shape[0] == made.shape[1]:
        others.append(own.transpose(0, 1))
    if here is None:  # a weight of equal entries: nothing tells places apart
        return not any(torch.equal(made, other) for other in others) or torch.equal(made, own)
    if any((_agreement(made, other, kept) or 0.0) > here + 1e-9 for other in others):
        return False
    return here > _FOLLOWS


def _agreement(made: Tensor, own: Tensor, kept: Tensor) -> float | None:
    """Return the correlation without sign; None where one does not vary."""
    pair = torch.stack([made[kept], own[kept]])
    pair = pair - pair.mean(dim=1, keepdim=True)
    sizes = pair.norm(dim=1)
    if bool((sizes <= 1e-12).any()):
        return None
    return abs(float(pair[0] @ pair[1] / sizes.prod()))


def _named_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for scope, part in module.named_modules():
        for name in getattr(part, "parametrizations", ()):
            yield f"{scope}.{name}" if scope else name, getattr(part, name)
    yield from module.named_parameters()
    yield from module.named_buffers()


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Give the tensors of nested tuples, lists and dicts."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from tensors_in(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from tensors_in(inner)


def label_of(scope: str, part: nn.Module | None, called: str) -> str:
    """Return the module's name where it does nothing else, else that with the operation's."""
    is_alone = (
        part is not None
        and type(part).__module__.startswith("torch.nn")
        and not any(True for _ in part.children())
    )
    if scope and is_alone:
        return scope
    return f"{scope}.{called}" if scope else called
