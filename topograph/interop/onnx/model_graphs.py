"""An ONNX model as a layered graph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod
from typing import Any, Literal

from topograph.errors import ParameterError, ReadError
from topograph.graph import LayeredGraph
from topograph.interop.onnx.interpreting import interpret
from topograph.interop.onnx.models import Model, read_model
from topograph.interop.onnx.step import Findings
from topograph.interop.sample_shapes import checked_sample_shape
from topograph.interop.units.channels import Channels
from topograph.interop.units.encoding import UNITS, Encoding
from topograph.interop.units.finishing import finished
from topograph.interop.units.unrolled import Unrolled
from topograph.interop.units.wiring import Wiring
from topograph.io.limits import Budget
from topograph.io.mask import checked_threshold
from topograph.io.paths import listed, naming, shown

_PRODUCTS = {"Gemm", "MatMul"}


def from_onnx(
    path: str | os.PathLike[str],
    input_shape: Sequence[int] | None = None,
    encoding: Literal["unrolled", "channel"] = "unrolled",
    *,
    skips: Literal["with", "without"] = "with",
    threshold: float = 0.0,
    output: str | None = None,
) -> LayeredGraph:
    """Layered graph of an ONNX model: its layers, and how its nodes join them.

    One sample goes through the model: axis 0 is the batch, of which one is taken. The layers are
    those of `topograph.interop.from_module`: Conv, ConvTranspose, Gemm and MatMul with a constant
    are layers, named by their weights or by the module in the name of the node; poolings, means
    and attention are layers without parameters; activations, biases, normalisation and products
    with constants are identities on units. What is computed from constants and shapes alone is
    computed. No part of the model is run.

    Parameters
    ----------
    path : path
        Weights in other files must lie in the folder of the model.
    input_shape : sequence of int, optional
        Of one sample, without the batch; by default as the model declares it.
    encoding : {"unrolled", "channel"}, default "unrolled"
        Units are activations, which is exact; or channels, with an edge where any weight between
        two is kept, which is smaller, and a bound.
    skips : {"with", "without"}, default "with"
        Whether sums keep the operands that went past layers with parameters by themselves.
    threshold : float, default 0
        Weights are kept where ``|w| > threshold``.
    output : str, optional
        Which tensor is the output, where the model has several.

    Returns
    -------
    LayeredGraph
        What was assumed is in its notes; weights that no path uses are in ``skipped``.

    Raises
    ------
    ReadError
        If the file is missing, damaged or too large, or naming the node that cannot be followed.
    ParameterError
        If an argument does not fit the model.
    MissingExtraError
        If onnx is not installed.
    """
    for name, value, choices in (
        ("encoding", encoding, ("unrolled", "channel")),
        ("skips", skips, ("with", "without")),
    ):
        if value not in choices:
            raise ParameterError.expected(name, " or ".join(map(repr, choices)), value)
    threshold = checked_threshold(threshold)
    given = None if input_shape is None else checked_sample_shape(input_shape)
    (file,) = listed([path])
    budget = Budget()
    with naming(shown(file)):
        model = read_model(file, budget)
        entry, shape = _entry(model, given)
        budget.check_width(prod(shape))
        wiring, findings = Wiring(encoding == "channel"), Findings(threshold)
        units: Encoding = Channels(wiring) if wiring.by_channel else Unrolled(wiring)
        start = units.start((1, *shape), _features(model, shape))
        signal = interpret(model, (entry, start), _result(model, output), units, findings)
        last = wiring.written(signal)
        widths, layers, about_skips = finished(wiring.joints, last, skips == "with")
        provenance: dict[str, Any] = {
            "format": "onnx",
            "input_shape": list(shape),
            "encoding": encoding,
            "skips": skips,
            "threshold": threshold,
        }
        notes = [UNITS[encoding], *findings.notes, *about_skips]
        return LayeredGraph(widths, layers, provenance, notes, _skipped(model, findings))


def _entry(model: Model, given: tuple[int, ...] | None) -> tuple[str, tuple[int, ...]]:
    """Return the name of the input and the shape of a sample."""
    if len(model.inputs) != 1:
        names = ", ".join(repr(shown(name)[:40]) for name in list(model.inputs)[:5])
        raise ReadError(
            f"A graph begins at one input, but the model has {len(model.inputs)}: {names}.",
            hint="export the part of the model that reads one tensor.",
        )
    ((name, declared),) = model.inputs.items()
    wanted = None if declared is None else declared[1:]
    if given is not None:
        fits = wanted is None or (
            len(wanted) == len(given)
            and all(one in (None, own) for one, own in zip(wanted, given, strict=True))
        )
        if not fits:
            raise ParameterError.expected(
                "input_shape", f"one that fits {wanted}, which the model declares", given
            )
        return name, given
    if wanted and all(width is not None for width in wanted):
        return name, tuple(width or 0 for width in wanted)
    if wanted is None or len(wanted) == 1:
        width = _read_width(model, name)
        if width:
            return name, (width,)
    raise ReadError(
        f"The shape of the input {shown(name)!r} must be declared in the model, but it is "
        f"{declared}.",
        hint="give the shape of one sample: input_shape=(3, 32, 32), on the command line "
        "--input-shape 3,32,32.",
    )


def _read_width(model: Model, name: str) -> int | None:
    """Return how many entries a sample has that a constant matrix multiplies at once."""
    for node in model.nodes:
        if node.op in _PRODUCTS and node.inputs[:1] == (name,) and len(node.inputs) > 1:
            shape = model.shapes.get(node.inputs[1], ())
            if len(shape) == 2:
                return shape[1] if node.attributes.get("transB") else shape[0]
    return None


def _result(model: Model, output: str | None) -> str:
    if output is not None and output in model.outputs:
        return output
    if output is not None or len(model.outputs) != 1:
        names = ", ".join(shown(name) for name in model.outputs[:8])
        raise ParameterError(
            f"A graph has one output, but the model has {len(model.outputs)}: {names}.",
            hint="choose one by output=NAME.",
        )
    return model.outputs[0]


def _features(model: Model, shape: tuple[int, ...]) -> str:
    """Along which axis of the input its channels lie, as the first layer reads it."""
    for node in model.nodes:
        if node.op in ("Conv", "ConvTranspose") or node.op.endswith("Pool"):
            return "first"
        if node.op in _PRODUCTS:
            read = model.shapes.get(node.inputs[1] if len(node.inputs) > 1 else "", ())
            if prod(shape) in read:
                return "all"
            if shape[-1] in read or not read:
                return "last"
            return "first" if shape[0] in read else "all"
    return "first" if len(shape) > 1 else "last"


def _skipped(model: Model, findings: Findings) -> list[str]:
    """Return sentences on weights that are no layer."""
    return [
        f"The tensor {shown(name)!r} enters as a constant, and joins no units."
        if name in findings.constants
        else f"The tensor {shown(name)!r} does not lead from the input to the output."
        for name, shape in model.shapes.items()
        if len(shape) > 1 and name not in findings.used and prod(shape) > max(shape)
    ]
