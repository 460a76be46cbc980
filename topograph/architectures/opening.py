"""A file of weights or masks, and the name of its model, to a layered graph."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from topograph.architectures.factories import is_factory, load_factory
from topograph.architectures.loading import (
    Fitted,
    all_shapes,
    fitted_module,
    held_state,
    holds_masks_alone,
    load_values,
    notes_on,
)
from topograph.architectures.matching import check_fit, shapes_of
from topograph.errors import ParameterError, ReadError
from topograph.graph import LayeredGraph
from topograph.io import (
    StateDict,
    holds_convolution_masks,
    masks_of,
    read_convolution_masks,
    read_state_dict,
)
from topograph.io.limits import Budget
from topograph.io.mask import checked_threshold
from topograph.io.paths import extension, listed, naming, shown
from topograph.io.zipped import open_members

Encoding: TypeAlias = Literal["unrolled", "channel"]
Skips: TypeAlias = Literal["with", "without"]


def graph_of(
    path: str | os.PathLike[str],
    model: str,
    input_shape: Sequence[int] | None = None,
    *,
    encoding: Encoding = "unrolled",
    skips: Skips = "with",
    threshold: float = 0.0,
    n_classes: int | None = None,
    **options: Any,
) -> LayeredGraph:
    """Layered graph of a state dict, wired as its model is.

    Parameters
    ----------
    path : path
        What `topograph.io.read_state_dict` reads; arrays in a ``.npz`` file, by name of parameter
        or layer; or the masks that `topograph.pruning.save_masks` writes of a net with
        convolutions.
    model : str
        Name of an architecture, or ``package.module:factory`` of a function that returns one.
    input_shape : sequence of int, optional
        Without the batch. For an architecture by default what the shapes of the weights say, else
        the usual one, which a note says; for a factory it must be given.
    encoding : {"unrolled", "channel"}, default "unrolled"
        Whether units are activations or channels; see `topograph.interop.torch.from_module`.
    skips : {"with", "without"}, default "with"
        Whether sums keep the operands that went past layers with parameters by themselves.
    threshold : float, default 0.0
        Weights with ``|w| > threshold`` are edges, where their mask keeps them.
    n_classes : int, optional
        Of an architecture.
    **options
        Of an architecture or the factory.

    Raises
    ------
    ReadError
        If the file cannot be read.
    ParameterError
        If there is no such model, or its weights are not those of the file.

    Examples
    --------
    >>> import tempfile, torch
    >>> from topograph.architectures import build_architecture
    >>> net = build_architecture("resnet20", (1, 8, 8), 3, widths=(2, 2, 4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.pt")
    ...     torch.save(net.state_dict(), path)
    ...     graph = graph_of(path, "resnet20", (1, 8, 8), encoding="channel")
    >>> graph.n_inputs, graph.n_outputs
    (1, 3)
    """
    from topograph.interop.torch import from_module

    threshold = checked_threshold(threshold)
    (file,) = listed([path])
    state, own_shape, made_by = _opened(file)
    shape = own_shape if input_shape is None else input_shape
    with naming(shown(file)):
        if is_factory(model):
            fitted = _of_factory(state, model, shape, options)
        else:
            fitted = fitted_module(state, model, shape, n_classes, **options)
        masks = masks_of(state, threshold)
        own = {name.removeprefix(fitted.start): mask for name, mask in masks.items()}
        graph = from_module(
            fitted.module,
            fitted.input_shape,
            encoding=encoding,
            masks=own,
            skips=skips,
            threshold=threshold,
        )
    tables = {name.removeprefix(fitted.start) for name in state.others}
    known = tables & shapes_of(fitted.module).keys()  # biases, positions and such: no layers
    skipped = [
        said
        for said in (*state.skipped, *graph.skipped)
        if not any(repr(name) in said for name in known)
    ]
    return LayeredGraph(
        graph.widths,
        graph.layers,
        {"model": model, **({"masks": made_by} if made_by else {}), **dict(graph.provenance)},
        [*state.notes, *fitted.notes, *graph.notes],
        skipped,
    )


def _opened(file: Path) -> tuple[StateDict, Sequence[int] | None, Mapping[str, Any]]:
    """Return what a file holds, and the input shape and how the masks were made if it says so."""
    if holds_convolution_masks(file):
        found = read_convolution_masks(file)
        return held_state(found.masks), found.header["input"], found.header["provenance"]
    if extension(file) == ".npz":
        with naming(shown(file)):
            return held_state(_arrays(file)), None, {}
    return read_state_dict(file), None, {}


def _arrays(file: Path) -> dict[str, Any]:
    """Return arrays by name of parameter, whether or not ``.weight`` stands behind."""
    with open_members(file, Budget()) as members:
        members.check_size()
        foreign = [name for name in members.names if not name.endswith(".npy")]
        if foreign:
            raise ReadError(
                f"Weights of a model in a .npz file must be arrays by the names of parameters, "
                f"but this one also holds {shown(foreign[0])!r}.",
                hint="a file that topograph wrote is a graph already: leave out the model.",
            )
        arrays = {name.removesuffix(".npy"): members.array(name) for name in members.names}
    if any("weight" in name for name in arrays):
        return arrays
    return {f"{name}.weight": array for name, array in arrays.items()}


def _of_factory(
    state: StateDict, model: str, input_shape: Sequence[int] | None, options: Mapping[str, Any]
) -> Fitted:
    if input_shape is None:
        raise ParameterError(
            f"The model {model!r} needs the shape of an input, but none is given.",
            hint="--input-shape 3,32,32, or input_shape=(3, 32, 32): without the batch.",
        )
    module = load_factory(model, **options)
    partial = holds_masks_alone(state)
    check_fit(all_shapes(state), module, partial, model)
    load_values(module, state)
    return Fitted(module, tuple(input_shape), notes_on(module, state, partial))
