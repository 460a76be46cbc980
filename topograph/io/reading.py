"""Files of any known format to one layered graph."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from topograph.errors import ParameterError, ReadError
from topograph.graph import LayeredGraph
from topograph.io import edge_list, graphchallenge, graphml, matrix_market
from topograph.io.edge_list import read_edge_list
from topograph.io.graphml import read_graphml
from topograph.io.limits import Budget
from topograph.io.mask import checked_threshold
from topograph.io.matrix_market import read_matrix_market
from topograph.io.npy import read_npy
from topograph.io.npz import read_npz
from topograph.io.onnx_files import EXTENSION as ONNX
from topograph.io.onnx_files import read_onnx
from topograph.io.orientation import Orientation, check_orientation
from topograph.io.part import Part, join
from topograph.io.paths import extension, is_folder, listed, naming, shown
from topograph.io.sharded_files import INDEX, SAFETENSORS, is_sharded_folder
from topograph.io.state_dict_chains import read_chain
from topograph.io.torch_files import EXTENSIONS as TORCH

Reader: TypeAlias = Callable[[Path, float, Budget], Part]

_READERS: dict[str, Reader] = {
    ".npz": read_npz,
    ".npy": read_npy,
    **dict.fromkeys(matrix_market.EXTENSIONS, read_matrix_market),
    **dict.fromkeys((SAFETENSORS, *TORCH, INDEX), read_chain),
    ONNX: read_onnx,
    graphml.EXTENSION: read_graphml,
    **dict.fromkeys(edge_list.EXTENSIONS, read_edge_list),
}
_EXTENSIONS = (*_READERS, *graphchallenge.EXTENSIONS)


def read(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    orientation: Orientation | None = None,
    threshold: float = 0.0,
    layers: str | tuple[int, int] | None = None,
    on_demand: bool | None = None,
) -> LayeredGraph:
    """Read a saved mask, or saved weights, as a layered graph.

    Parameters
    ----------
    paths : path or sequence of paths
        An archive of `topograph.write`; ``.npz`` of scipy or of dense arrays; ``.npy``;
        Matrix Market ``.mtx``; GraphChallenge ``.tsv`` or a folder of them; fully connected
        layers of a state dict, ``.safetensors``, ``.pt`` or ``.pth``, whole or in shards (see
        `topograph.io.read_state_dict`), or of an ``.onnx`` model; ``.graphml``, or an edge list,
        ``.edgelist`` or ``.edges``. The layers of several files
        follow one another in the order given.
    orientation : {"in-out", "out-in"}, optional
        Whether the rows of all the matrices are inputs or outputs. By default as the format
        says (archives and GraphChallenge: inputs), else as the widths of neighbours say;
        where these fit both ways rows are inputs, and a note of the graph says so.
    threshold : float, default 0.0
        Entries with ``|w| > threshold`` are edges.
    layers : str or (int, int), optional
        ``"FIRST:LAST"``, counted from 1, both included: only these layers.
    on_demand : bool, optional
        Whether the edges of an archive stay in the file, which is kept open: each sweep reads them
        layer by layer, so that the graph may be larger than memory. By default edges that would
        take more than 2 GiB do. Other formats are held in any case.

    Returns
    -------
    LayeredGraph
        With provenance, and in its notes what was assumed.

    Raises
    ------
    ReadError
        If a file is missing, damaged, too large (see `topograph.io.limits`) or no mask.
    GraphError
        If what it holds is not a layered graph.
    ParameterError
        If an argument is outside what it may be.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "mask.npz")
    ...     np.savez(path, fc1=np.eye(4)[:, :3], fc2=np.ones((3, 2)))
    ...     graph = read(path)
    >>> graph.widths, [layer.name for layer in graph.layers]
    ((4, 3, 2), ['fc1', 'fc2'])
    """
    check_orientation(orientation)
    threshold = checked_threshold(threshold)
    files = listed(paths)
    wanted = layer_range(layers)
    budget = Budget(on_demand=on_demand)
    only = files[0] if len(files) == 1 else None
    place = shown(files[0]) if only else f"{shown(files[0])} and {len(files) - 1} more"
    if only and _is_edge_folder(only):
        parts = [graphchallenge.read_folder(only, wanted, threshold, budget)]
        wanted = None
    elif all(extension(file) in graphchallenge.EXTENSIONS for file in files):
        parts = [graphchallenge.read_files(files, threshold, budget)]
    else:
        parts = [_read_part(file, threshold, budget) for file in files]
    with naming(place):
        graph = join(parts, orientation, budget)
        return graph if wanted is None else graph.select_layers(*wanted)


def _is_edge_folder(path: Path) -> bool:
    """Whether the path is a folder, but not one of the shards of a checkpoint."""
    with naming(shown(path)):
        return is_folder(path) and not is_sharded_folder(path)


def _read_part(path: Path, threshold: float, budget: Budget) -> Part:
    if _is_edge_folder(path):
        return graphchallenge.read_folder(path, None, threshold, budget)
    ending = extension(path)
    if ending in graphchallenge.EXTENSIONS:
        return graphchallenge.read_files([path], threshold, budget)
    with naming(shown(path)):
        if path.is_dir():
            return read_chain(path, threshold, budget)
        if ending not in _READERS:
            raise ReadError(
                f"A mask must be a {', '.join(_EXTENSIONS)} file or a folder of .tsv files, but "
                f"this one ends in {shown(ending)!r}.",
                hint="save it as .npz: numpy.savez(path, name=matrix, ...) or topograph.write.",
            )
        return _READERS[ending](path, threshold, budget)


def layer_range(layers: object) -> tuple[int, int] | None:
    """Return the first and the last layer that ``"FIRST:LAST"`` or a pair means; None for all.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if layers is None:
        return None
    if isinstance(layers, str):
        match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", layers, re.ASCII)
        if match:
            return int(match[1]), int(match[2])
    elif isinstance(layers, tuple) and len(layers) == 2:
        try:
            return operator.index(layers[0]), operator.index(layers[1])
        except TypeError:
            pass
    raise ParameterError.expected(
        "layers",
        "'FIRST:LAST' or a pair of whole numbers",
        layers,
        hint="FIRST:LAST counts from 1 and includes both ends.",
    )
