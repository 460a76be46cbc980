"""Tracing by torch.fx: tensors that record in a graph what happens to them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg
from torch.nn.modules import module as module_hooks
from torch.utils import _pytree as pytree

from topograph.interop.torch.names_of_operations import (
    NEEDS_VALUES,
    called_name,
    changes_in_place,
    is_in_place,
    plain_name,
)
from topograph.interop.torch.program import Program, WeightNames, label_of, tensors_in
from topograph.interop.torch.refusals import calling_line, refusal


class SampleTensor(Tensor):
    """A tensor that depends on the input, with the node that it is in the graph.

    ``isinstance``, shapes and indexing work as for any tensor; every operation is recorded, and
    done to the sample. Operations that torch does not report are refused, not missed.
    """

    node: fx.Node
    tracer: Tracer

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return next(_recording((args, kwargs))).tracer.record(func, args, kwargs)

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> NoReturn:
        next(_recording((args, kwargs))).tracer.refuse(
            called_name(func), "torch does it without saying which tensors it reads."
        )


class Tracer:
    """Records what happens to tensors, and lets it happen to the sample.

    Parameters
    ----------
    module : nn.Module
    """

    def __init__(self, module: nn.Module) -> None:
        self.graph = fx.Graph()
        self.names = WeightNames(module)
        self.scopes: list[tuple[str, nn.Module]] = [("", module)]
        self.known = {part: name for name, part in module.named_modules()}
        self.changed: dict[int, fx.Node] = {}  # storages changed in place, and by what
        self.order: dict[fx.Node, int] = {}

    def start(self, sample: Tensor) -> SampleTensor:
        """Return the input."""
        made: SampleTensor = self._add("placeholder", "input", (), {}, sample, "input")
        return made

    def record(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Do an operation to the sample and return what comes out, as tensors that record."""
        called = called_name(function)
        if function is Tensor.where:  # whose arguments have another order
            function, args = torch.where, (args[1], args[0], *args[2:])
        if called in NEEDS_VALUES:
            self.refuse(
                called,
                "what follows depends on values, not on shapes alone.",
                "let the model decide by shapes or options.",
            )
        given, named = self.arguments(tuple(args)), self.arguments(dict(kwargs))
        sample = map_arg((given, named), lambda node: node.meta["value"])
        plain = [one for one in args[:1] if isinstance(one, Tensor)]
        self.check_current((given, named), called)
        value = function(*sample[0], **sample[1])
        if called == "__setitem__":
            value = sample[0][0]
        if not any(True for _ in tensors_in(value)) or called in ("grad", "__repr__"):
            return value
        if called == "data":
            return args[0]
        scope, part = self.scopes[-1]
        for tensor in tensors_in(sample):
            self.names.look_for(tensor, scope, part)
        made = self._add("call_function", function, given, named, value, called)
        if not changes_in_place(called, given, named):
            if is_in_place(called) and plain and type(plain[0]) is SampleTensor:
                plain[0].node = made.node  # scores that are masked stay so under this name
            return made
        if not plain or type(plain[0]) is not SampleTensor or kwargs.get("out") is not None:
            self.refuse(
                called,
                "it writes into a tensor that did not depend on the input.",
                "begin with new_zeros or zeros_like of a tensor of the model.",
            )
        plain[0].node = made.node
        self.changed[_storage(made.node.meta["value"])] = made.node
        return plain[0]

    def arguments(self, value: Any) -> Any:
        """Return nested arguments with nodes for tensors that record."""
        if type(value) is SampleTensor:
            return value.node
        if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
            made = [self.arguments(inner) for inner in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, dict):
            return {key: self.arguments(inner) for key, inner in value.items()}
        if isinstance(value, slice):
            ends = (value.start, value.stop, value.step)
            return slice(*(self.arguments(end) for end in ends))
        return value

    def refuse(self, called: str, reason: str, hint: str | None = None) -> NoReturn:
        """Raise the error that names an operation being done."""
        node = fx.Graph().create_node("call_function", operator.not_)
        node.meta.update(self._place(called))
        raise refusal(node, reason, hint)

    def _add(self, kind: str, target: Any, args: Any, kwargs: Any, value: Any, called: str) -> Any:
        node = self.graph.create_node(kind, target, args, kwargs)
        node.meta.update(self._place(called), value=value)
        self.order[node] = len(self.order)
        if isinstance(value, Tensor):
            made: SampleTensor = Tensor._make_subclass(SampleTensor, value)
            made.node, made.tracer = node, self
            return made
        keys = value if isinstance(value, dict) else range(len(value))
        inner = {
            key: self._add(
                "call_function", operator.getitem, (node, key), {}, value[key], "getitem"
            )
            if any(True for _ in tensors_in(value[key]))
            else value[key]
            for key in keys
        }
        if isinstance(value, dict):
            return inner
        found = list(inner.values())
        return type(value)(*found) if hasattr(value, "_fields") else type(value)(found)

    def _place(self, called: str) -> dict[str, Any]:
        scope, part = self.scopes[-1]
        label = label_of(scope, part, plain_name(called))
        return {"called": called, "scope": scope, "label": label, "line": calling_line()}

    def check_current(self, given: Any, called: str) -> None:
        """Refuse to read what was changed through another name since."""

        def refuse_changed(changer: fx.Node) -> NoReturn:
            by = f"{changer.meta['called']!r} ({changer.meta['line']})"
            self.refuse(
                called,
                f"it reads what {by} changed in place through a view.",
                "write that change as an operation that returns a new tensor.",
            )

        def check(node: fx.Node) -> fx.Node:
            for tensor in tensors_in(node.meta["value"]):
                changer = self.changed.get(_storage(tensor))
                if changer is not None and self.order[node] < self.order[changer]:
                    refuse_changed(changer)
            return node

        map_arg(given, check)


def trace_by_proxies(module: nn.Module, sample: Tensor) -> Program:
    """Run a module on a sample that records, and return what happened to it.

    Loops, and branches that depend on shapes, are followed as the sample goes through them.

    Raises
    ------
    ParameterError
        If the module asks for values, or does what cannot be followed.
    """
    tracer = Tracer(module)
    start = tracer.start(sample)
    with _following(tracer):
        result = module(start)
        returned = tracer.arguments(result)
        tracer.check_current(returned, "output")
    output = tracer.graph.output(returned)
    output.meta.update(called="output", scope="", label="output", line="", value=None)
    return Program(tracer.graph, "torch.fx", tracer.names)


@contextmanager
def _following(tracer: Tracer) -> Iterator[None]:
    """Keep the names of the modules that are being run."""

    def enter(part: nn.Module, _: Any) -> None:
        scope = tracer.known.get(part, f"{tracer.scopes[-1][0]}.{type(part).__name__}")
        tracer.scopes.append((scope, part))

    def leave(part: nn.Module, _: Any, __: Any) -> None:
        if len(tracer.scopes) > 1 and tracer.scopes[-1][1] is part:
            tracer.scopes.pop()

    hooks = [
        module_hooks.register_module_forward_pre_hook(enter),
        module_hooks.register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _recording(arguments: Any) -> Iterator[SampleTensor]:
    for leaf in pytree.tree_leaves(arguments):
        if type(leaf) is SampleTensor:
            yield leaf
        elif isinstance(leaf, slice):
            ends = (leaf.start, leaf.stop, leaf.step)
            yield from (end for end in ends if type(end) is SampleTensor)


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
