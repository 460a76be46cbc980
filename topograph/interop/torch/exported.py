"""Tracing by torch.export, for models whose code proxies cannot go through."""

from __future__ import annotations

import re
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Node

from topograph.interop.torch.names_of_operations import ELEMENTWISE, called_name, plain_name
from topograph.interop.torch.program import Program, WeightNames, label_of

_FRAME = re.compile(r'File "([^"]+)", line (\d+)[^\n]*\n\s*([^\n]*)')


def trace_by_export(module: nn.Module, sample: Tensor) -> Program:
    """Return the program that torch.export makes of a module for samples of one shape."""
    exported = torch.export.export(module, (sample,), strict=False)
    if any(_writes(node) for node in exported.graph.nodes):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of torch about itself
            exported = exported.run_decompositions({})  # operations that return new tensors
    names = WeightNames(module)
    constants = _constants(exported)
    modules = dict(module.named_modules())
    for node in exported.graph.nodes:
        called = called_name(node.target) if node.op == "call_function" else "input"
        value = node.meta.get("val")
        if node.op == "placeholder" and node.name in constants:
            called, value = "constant", constants[node.name]
            if node.name in _parameter_names(exported):
                names.learn(value, _plain(_parameter_names(exported)[node.name]))
        if node.op == "output":
            called = "output"
        scope = _scope(node)
        node.meta.update(
            called=called,
            value=value,
            scope=scope,
            label=label_of(scope, modules.get(scope), plain_name(called)),
            line=_line(node),
        )
    return Program(exported.graph, "torch.export", names)


def _writes(node: Node) -> bool:
    """Whether an operation changes more of a tensor than an activation does, and no buffer."""
    if not isinstance(node.target, torch._ops.OpOverload) or not node.target._schema.is_mutable:
        return False
    changed = node.args[0] if node.args else None
    is_buffer = isinstance(changed, Node) and changed.op == "placeholder"
    return not is_buffer and plain_name(called_name(node.target)) not in ELEMENTWISE


def _constants(exported: Any) -> dict[str, Tensor]:
    """Return tensors of the module by the name of their placeholder."""
    signature, found = exported.graph_signature, {}
    for name, target in _parameter_names(exported).items():
        found[name] = exported.state_dict.get(target, exported.constants.get(target))
    for name, target in signature.inputs_to_lifted_tensor_constants.items():
        found[name] = exported.constants[target]
    return found


def _parameter_names(exported: Any) -> dict[str, str]:
    signature = exported.graph_signature
    return {**signature.inputs_to_parameters, **signature.inputs_to_buffers}


def _plain(name: str) -> str:
    return name.removesuffix("_orig")


def _scope(node: Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    innermost = list(stack.values())[-1:] or [("", "")]
    return str(innermost[0][0])


def _line(node: Node) -> str:
    found = _FRAME.findall(node.meta.get("stack_trace") or "")
    if not found:
        return ""
    file, number, source = found[-1]
    return f"{file.rpartition('/')[2]}, line {number}: {source.strip()}"
