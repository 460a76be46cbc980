"""A file of one format to another, and what is lost on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph
from topograph.io.edge_writing import WRITERS
from topograph.io.limits import Budget
from topograph.io.named_masks import (
    NamedMasks,
    layer_name,
    read_named_masks,
    state_of_graph,
    turned,
)
from topograph.io.onnx_files import EXTENSION as ONNX
from topograph.io.onnx_writing import write_onnx
from topograph.io.orientation import Orientation
from topograph.io.paths import extension, listed, shown
from topograph.io.reading import read
from topograph.io.state_dict_writing import TORCH, Style, has_weights, write_state_dict
from topograph.io.state_dicts import StateDict, used_weight
from topograph.io.stored_tensors import values_of
from topograph.io.writing import write

FORMS = (
    *("archive", "arrays", "scipy", "npy", "matrix-market", "graphchallenge", "graphml"),
    *("edge-list", "state-dict", "onnx"),
)
STYLES = ("weights", "mask", "prune")
_BY_EXTENSION = {
    ".npz": "archive",
    ".npy": "npy",
    ".mtx": "matrix-market",
    ".graphml": "graphml",
    ".edgelist": "edge-list",
    ".edges": "edge-list",
    "": "graphchallenge",
    ONNX: "onnx",
    **dict.fromkeys((".safetensors", *TORCH), "state-dict"),
}
_ENDINGS = {
    "archive": (".npz",),
    "arrays": (".npz",),
    "npy": (".npy",),
    "matrix-market": (".mtx",),
    "graphml": (".graphml",),
    "edge-list": (".edgelist", ".edges"),
    "onnx": (ONNX,),
    "state-dict": (".safetensors", *TORCH),
}
_NAMELESS = ("npy", "matrix-market", "graphchallenge")


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    form: str | None = None,
    style: Style | None = None,
    orientation: Orientation | None = None,
    threshold: float = 0.0,
    layers: str | None = None,
) -> tuple[str, ...]:
    """Write what a file holds in another format, and return what the other cannot hold.

    Parameters
    ----------
    source : path
        Anything that `topograph.read` or `topograph.io.read_state_dict` knows.
    target : path
        An existing file is replaced.
    form : str, optional
        One of `FORMS`; by default as the name of the target says: ``.npz`` an archive of
        One of `FORMS`; by default as the name of the target says: ``.npz`` an archive of
        topograph, ``.npy``, ``.mtx``, ``.graphml``, ``.edgelist``, ``.safetensors``, ``.pt``,
        ``.onnx``, or without extension a folder of GraphChallenge.
    style : {"weights", "mask", "prune"}, optional
        Of a state dict: weights that are zero where they are pruned, the default where there are
        weights; masks by parameter name; or those of torch.nn.utils.prune.
    orientation, threshold, layers
        As of `topograph.read`.

    Returns
    -------
    tuple of str
        A sentence for everything that is lost.

    Raises
    ------
    ParameterError
        If the format cannot hold the net at all.
    ReadError
        If the source is missing, damaged or no mask.

    Examples
    --------
    >>> import tempfile
    >>> from topograph.toy import butterfly
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     archive, tensors = (os.path.join(folder, name) for name in ("a.npz", "a.safetensors"))
    ...     write(butterfly(), archive)
    ...     lost = convert(archive, tensors)
    ...     read(tensors).equals(butterfly())
    True
    >>> lost
    ('The provenance is lost.',)
    """
    (path,) = listed([target])
    form = _form(path, form)
    if form == "state-dict":
        return _to_state_dict(source, path, style, orientation, threshold, layers)
    if style is not None:
        raise ParameterError(
            f"style belongs to state dicts, but the target is of the format {form}.",
            hint="name a target .safetensors or .pt, or leave the style out.",
        )
    graph = read(source, orientation=orientation, threshold=threshold, layers=layers)
    if form == "onnx":
        return _to_onnx(source, graph, path, threshold)
    if form == "archive":
        write(graph, path)
    else:
        WRITERS[form](graph, path)
    return tuple(_lost_of_graph(source, graph, form))


def _form(path: Path, form: str | None) -> str:
    ending = extension(path)
    if form is None:
        if ending not in _BY_EXTENSION:
            raise ParameterError(
                f"{shown(path)}: The name of the output must end in "
                f"{', '.join(filter(None, _BY_EXTENSION))} or be that of a folder, but it ends in "
                f"{shown(ending)!r}."
            )
        return _BY_EXTENSION[ending]
    if form not in FORMS:
        raise ParameterError.expected("form", ", ".join(FORMS), form)
    if form in _ENDINGS and ending not in _ENDINGS[form]:
        raise ParameterError(
            f"{shown(path)}: A file of the format {form} must end in "
            f"{' or '.join(_ENDINGS[form])}, but it ends in {shown(ending)!r}."
        )
    return form


def _to_state_dict(
    source: str | os.PathLike[str],
    path: Path,
    style: Style | None,
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
) -> tuple[str, ...]:
    if style is not None and style not in STYLES:
        raise ParameterError.expected("style", ", ".join(STYLES), style)
    if layers is None:
        named = read_named_masks(source, orientation)
    else:
        graph = read(source, orientation=orientation, threshold=threshold, layers=layers)
        named = NamedMasks(state_of_graph(graph), graph=graph)
    lost = []
    if named.is_assumed and named.graph is None:  # arrays, whose rows are taken as inputs
        named = turned(named)
        lost.append(
            "Nothing says which side of the matrices are the outputs; rows were taken as inputs."
        )
    if named.graph is not None:
        if not named.graph.is_chain:
            lost.append("The wiring is lost: a state dict holds parameters by name alone.")
        lost += _lost_provenance(named.graph)
    state = named.state
    if named.graph is not None and named.graph.is_chain:
        state = state_of_graph(named.graph, with_identities=True)
    if not state.parameters:
        raise ParameterError("A state dict holds parameters, but the net has identities alone.")
    chosen: Style = style or ("weights" if has_weights(state) else "mask")
    write_state_dict(state, path, chosen, threshold)
    return (*lost, *state.skipped, *_lost_by_style(state, chosen))


def _to_onnx(
    source: str | os.PathLike[str], graph: LayeredGraph, path: Path, threshold: float
) -> tuple[str, ...]:
    weights: dict[str, Any] = {}
    others = 0
    if _held_weights(source):
        state = read_named_masks(source).state
        named = {shown(layer_name(name)): one for name, one in state.parameters.items()}
        shapes = {layer.name: layer.shape[::-1] for layer in graph.layers}
        if all(name in named and named[name].shape == shape for name, shape in shapes.items()):
            budget = Budget()
            for layer in graph.layers:
                tensor = used_weight(named[layer.name], threshold)
                with np.errstate(over="ignore"):
                    found = values_of(tensor, budget).astype(np.float32)
                budget.hold(found.nbytes, f"the weights of {layer.name!r}")
                if np.isfinite(found).all() and np.count_nonzero(found) == layer.n_edges:
                    weights[layer.name] = found
            others = len(state.others)
    write_onnx(graph, path, weights)
    lost = [*graph.skipped, "Biases and activations are lost: the model is linear."]
    if _held_weights(source) and len(weights) < len(graph.layers):
        lost.append("Weights are lost: where float32 cannot hold them the model has 1 for an edge.")
    if others:
        lost.append(f"Tensors of no layer are lost: {others}, such as biases.")
    return (*lost, *_lost_provenance(graph))


def _lost_by_style(state: StateDict, style: Style) -> list[str]:
    lost = []
    if style == "mask":
        if any(parameter.weight for parameter in state.parameters.values()) and has_weights(state):
            lost.append("The weights are lost.")
        if state.others:
            lost.append(f"Tensors of no layer are lost: {len(state.others)}, such as biases.")
    if style == "weights" and any(parameter.masks for parameter in state.parameters.values()):
        lost.append("The masks are lost but for the zeros of the weights.")
    return lost


def _lost_of_graph(source: str | os.PathLike[str], graph: LayeredGraph, form: str) -> list[str]:
    lost = list(graph.skipped)
    if _held_weights(source):
        lost.append("The weights are lost: the format holds edges.")
    if form != "archive":
        lost += _lost_provenance(graph)
    if form in _NAMELESS:
        lost.append("The names of the layers are lost.")
    return lost


def _lost_provenance(graph: LayeredGraph) -> list[str]:
    said: Mapping[str, Any] = graph.provenance
    while "of" in said:
        said = said["of"]
    return ["The provenance is lost."] if set(said) - {"format", "threshold"} else []


def _held_weights(source: str | os.PathLike[str]) -> bool:
    """Whether the source is of a format that the reader knows to have had weights."""
    (path,) = listed([source])
    if extension(path) not in (".npz", ".npy", ".safetensors", *TORCH):
        return False
    state = read_named_masks(path).state
    return has_weights(state)
