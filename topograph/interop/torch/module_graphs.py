"""A PyTorch module as a layered graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.fx import Node

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph
from topograph.interop.sample_shapes import checked_sample_shape
from topograph.interop.torch.interpreting import interpret
from topograph.interop.torch.layers_of_weights import HANDLERS as WEIGHTED
from topograph.interop.torch.program import Program
from topograph.interop.torch.step import Findings
from topograph.interop.torch.tracing import trace
from topograph.interop.torch.untouched import untouched
from topograph.interop.torch.weights import Weights
from topograph.interop.units.channels import Channels
from topograph.interop.units.encoding import UNITS, Encoding
from topograph.interop.units.finishing import finished
from topograph.interop.units.unrolled import Unrolled
from topograph.interop.units.wiring import Wiring


def from_module(
    module: nn.Module,
    input_shape: Sequence[int],
    *,
    encoding: Literal["unrolled", "channel"] = "unrolled",
    masks: Mapping[str, Any] | None = None,
    skips: Literal["with", "without"] = "with",
    threshold: float = 0.0,
    output: int | str | tuple[int | str, ...] | None = None,
) -> LayeredGraph:
    """Layered graph of a PyTorch module: its layers, and how its forward pass joins them.

    One sample of zeros is sent through the module, in eval mode and without gradients, and its
    way is followed by torch.fx, or by torch.export where that fails. The module is left as it
    was. Layers have the dotted names of their modules, with ``@2`` where one is used again.

    Linear layers, convolutions, transposed convolutions and products with constant matrices are
    layers; poolings, means and attention are layers without parameters. What moves entries
    (slices, permutations, concatenations, padding, nearest interpolation) is a layer only where
    levels cannot be joined without. In a sum all operands lead to one level, and paths add;
    operands of a product both feed it, an edge that both give counted once. Activations, dropout,
    biases, products with constants and normalisation are identities on units: the mean and
    variance that entries share, or the sum of a softmax, are not counted as edges. Attention is
    all-to-all between the tokens that no mask hides from each other, head by head: a result reads
    each feature of the values, and, as gates, the query and the keys.

    Parameters
    ----------
    module : nn.Module
        Whose forward pass takes one tensor.
    input_shape : sequence of int
        Of one sample, without the batch.
    encoding : {"unrolled", "channel"}, default "unrolled"
        Units are activations, which is exact; or channels, with an edge where any weight between
        two is kept, which is smaller, and a bound.
    masks : mapping of str to array, optional
        Masks by name of parameter, in the shape of the parameter, which count instead of its
        values. Without them a weight is kept where the ``weight_mask`` of torch's pruning is, and
        else where it is not 0, as parametrizations give it.
    skips : {"with", "without"}, default "with"
        Whether sums keep the operands that went past layers with parameters by themselves.
    threshold : float, default 0
        Weights are kept where ``|w| > threshold``.
    output : int, str or tuple of these, optional
        Which tensor is the output, by its place or key, where the module returns several; by one
        after another where these are nested: ``("logits", 0)``.

    Returns
    -------
    LayeredGraph
        What was assumed is in its notes; parameters that no path uses are in ``skipped``.

    Raises
    ------
    ParameterError
        If an argument does not fit the module, or naming the operation, and the line of the
        model, that cannot be traced.

    Examples
    --------
    >>> layers = nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)
    >>> block = nn.Sequential(*layers)
    >>> graph = from_module(block, (1, 2, 2))
    >>> graph
    LayeredGraph(widths=(4, 8, 3), n_layers=2, n_edges=56)
    >>> [layer.name for layer in graph.layers]
    ['0', '3']
    >>> from_module(block, (1, 2, 2), encoding="channel").widths
    (1, 2, 3)
    """
    shape = _checked(module, input_shape, encoding, skips, threshold)
    module = _unwrapped(module)
    with untouched(module):
        program = trace(module, shape)
        weights = Weights(program.names, masks, float(threshold))
        wiring, findings = Wiring(encoding == "channel"), Findings()
        units: Encoding = Channels(wiring) if wiring.by_channel else Unrolled(wiring)
        result = _result(program, output)
        features = _features(program, shape)
        signal = interpret(program, result, units, weights, findings, features)
        last = wiring.written(signal)
    skipped = weights.unused()
    widths, layers, about_skips = finished(wiring.joints, last, skips == "with")
    notes = [UNITS[encoding], *findings.notes, *about_skips]
    parameters = {
        layer.name: findings.parameters[plain]
        for layer in layers
        if not layer.is_structural
        and (plain := layer.name.partition("@")[0]) in findings.parameters
    }
    attention = {
        layer.name: findings.heads[plain]
        for layer in layers
        if (plain := layer.name.partition("@")[0].removesuffix("/value")) in findings.heads
    }
    provenance: dict[str, Any] = {
        "module": type(module).__name__,
        "input_shape": list(shape),
        "encoding": encoding,
        "skips": skips,
        "threshold": float(threshold),
        "traced_by": program.tool,
        "parameters": parameters,
        **({"attention": attention} if attention else {}),
    }
    return LayeredGraph(widths, layers, provenance, notes, skipped)


def _checked(
    module: nn.Module, input_shape: Sequence[int], encoding: str, skips: str, threshold: float
) -> tuple[int, ...]:
    if not isinstance(module, nn.Module):
        raise ParameterError.expected("module", "a torch.nn.Module", type(module).__name__)
    if isinstance(module, torch.jit.ScriptModule):
        raise ParameterError(
            "module must be the Python module, but it is one compiled by torch.jit.",
            hint="build the module that was compiled, and load its state dict.",
        )
    for name, value, choices in (
        ("encoding", encoding, ("unrolled", "channel")),
        ("skips", skips, ("with", "without")),
    ):
        if value not in choices:
            raise ParameterError.expected(name, " or ".join(map(repr, choices)), value)
    if isinstance(threshold, bool) or not 0 <= threshold < inf:
        raise ParameterError.expected("threshold", "a finite number from 0", threshold)
    return checked_sample_shape(input_shape)


def _unwrapped(module: nn.Module) -> nn.Module:
    inner = getattr(module, "_orig_mod", module)  # as torch.compile keeps it
    if isinstance(inner, nn.DataParallel | nn.parallel.DistributedDataParallel):
        inner = inner.module
    return inner if isinstance(inner, nn.Module) else module


def _result(program: Program, output: int | str | tuple[int | str, ...] | None) -> Node:
    (value,) = next(iter(reversed(program.graph.nodes))).args
    keys = output if isinstance(output, tuple) else () if output is None else (output,)
    for place, key in enumerate(keys):
        if not isinstance(value, tuple | list | dict):
            break  # the one thing there is
        if not _has(value, key):
            known = list(value) if isinstance(value, dict) else f"0..{len(value) - 1}"
            where = f"output after {keys[:place]!r}" if place else "output"
            raise ParameterError.expected(where, f"one of {known}", key)
        value = value[key]  # type: ignore[index]
    while isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Node):
        several = isinstance(value, tuple | list | dict)
        raise ParameterError(
            f"A graph has one output, but the module returns "
            f"{f'{len(value)} things' if several else type(value).__name__}"
            f"{f' at {output!r}' if keys else ''}.",
            hint="choose one by output=0, or by its key; where nested, by output=(0, 1)."
            if several
            else None,
        )
    return value


def _has(value: Any, key: int | str) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(key, int) and -len(value) <= key < len(value)


def _features(program: Program, shape: tuple[int, ...]) -> str:
    """Along which axis of the input its channels lie, as the first layers read it."""
    for node in program.graph.nodes:
        called = node.meta["called"]
        if "conv" in called or "_pool" in called:
            return _channels_axis(program, node, shape)
        if called in (*WEIGHTED, "multi_head_attention_forward", "matmul"):
            read = next(
                one for one in node.all_input_nodes if isinstance(one.meta["value"], Tensor)
            )
            rank, width = read.meta["value"].ndim, read.meta["value"].shape[-1]
            if width == prod(shape):
                return "all"
            if rank == 2 < len(shape) and width == shape[0]:
                return "first"
            return "last" if width == shape[-1] else "all"
    return "first" if len(shape) > 2 else "last"


def _channels_axis(program: Program, layer: Node, shape: tuple[int, ...]) -> str:
    """Which axis of the input the channels are that a layer reads along its second axis."""
    read = layer.args[0] if layer.args else layer.kwargs.get("input")
    if not isinstance(read, Node):
        return "first"
    weights = Weights(program.names, None, 0.0)
    try:
        found = interpret(program, read, Unrolled(Wiring(False)), weights, Findings(), "all")
    except ParameterError:
        return "first"
    if not found.is_bare or len(found.shape) < 3:
        return "first"
    units = found.terms[0].full_index().reshape(*found.shape)[0]
    units = units.reshape(units.shape[0], -1)
    for axis, channels in (("first", units // prod(shape[1:])), ("last", units % shape[-1])):
        kept = [set(row[unit >= 0].tolist()) for row, unit in zip(channels, units, strict=True)]
        if all(len(one) == 1 for one in kept) and len(set().union(*kept)) == len(kept):
            return axis
    return "first"
