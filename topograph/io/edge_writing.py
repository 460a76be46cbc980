"""A net to formats that hold edges or matrices and little else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from topograph.errors import ParameterError
from topograph.graph import Layer, LayeredGraph
from topograph.io.edge_list import write_edge_list
from topograph.io.graphchallenge import layer_number
from topograph.io.graphml import write_graphml
from topograph.io.limits import Budget
from topograph.io.paths import shown
from topograph.io.replacing import replacing

_ROWS = 1 << 16  # lines made at once


def check_chain(graph: LayeredGraph, form: str) -> None:
    """Raise ParameterError unless the graph is a chain: other formats have no wiring."""
    if not graph.is_chain:
        raise ParameterError(
            f"The format {form} holds a chain of layers alone, but this net has layers that skip "
            f"levels or lie beside one another.",
            hint="write an archive: a name that ends in .npz, --to archive.",
        )


def write_arrays(graph: LayeredGraph, path: Path) -> None:
    """Write a ``.npz`` of one dense boolean array a layer, inputs first."""
    check_chain(graph, "arrays")
    budget = Budget()
    budget.check(graph.n_possible_edges, "the dense arrays")
    with replacing(path) as file:
        np.savez_compressed(file, **{layer.name: _dense(layer) for layer in graph.layers})


def write_array(graph: LayeredGraph, path: Path) -> None:
    """Write the one layer of a graph as a dense boolean ``.npy``, inputs first."""
    layer = _only_layer(graph, "npy")
    Budget().check(layer.n_possible_edges, "the dense array")
    with replacing(path) as file:
        np.save(file, _dense(layer))


def write_matrix_market(graph: LayeredGraph, path: Path) -> None:
    """Write the one layer of a graph as a pattern in Matrix Market form, inputs first."""
    matrix = _only_layer(graph, "matrix-market").biadjacency.to_csr()
    with replacing(path) as file:
        from scipy.io import mmwrite  # takes a tenth of a second

        mmwrite(file, scipy.sparse.coo_array(matrix), field="pattern", symmetry="general")


def write_scipy(graph: LayeredGraph, path: Path) -> None:
    """Write the one layer of a graph as `scipy.sparse.save_npz` does, or a folder of all."""
    if len(graph.layers) == 1 and path.suffix == ".npz":
        with replacing(path) as file:
            scipy.sparse.save_npz(file, _matrix(graph.layers[0]))
        return
    check_chain(graph, "scipy")
    if path.suffix == ".npz":
        raise ParameterError(
            f"A .npz of scipy holds one layer, but there are {len(graph.layers)}.",
            hint="name a folder instead: it gets one file a layer.",
        )
    names = [
        f"{number:0{_digits(graph)}}-"
        + "".join(c if c.isalnum() or c in "._-" else "_" for c in layer.name)
        + ".npz"
        for number, layer in enumerate(graph.layers, 1)
    ]
    folder = _folder(path, names, lambda name: name.lower().endswith(".npz"))
    for name, layer in zip(names, graph.layers, strict=True):
        with replacing(folder / name) as file:
            scipy.sparse.save_npz(file, _matrix(layer))


def write_graphchallenge(graph: LayeredGraph, path: Path) -> None:
    """Write a folder of ``n<units>-l<k>.tsv`` files; all levels must be of one width."""
    check_chain(graph, "graphchallenge")
    if len(set(graph.widths)) > 1:
        raise ParameterError(
            f"A net of GraphChallenge has the same number of units in all levels, but this one "
            f"has {' - '.join(map(str, graph.widths))}.",
            hint="write an archive: a name that ends in .npz.",
        )
    names = [f"n{graph.n_inputs}-l{number}.tsv" for number in range(1, len(graph.layers) + 1)]
    folder = _folder(path, names, lambda name: layer_number(name) is not None)
    for name, layer in zip(names, graph.layers, strict=True):
        with replacing(folder / name) as file:
            for lines in _lines(layer):
                file.write(lines)


WRITERS: dict[str, Callable[[LayeredGraph, Path], None]] = {
    "arrays": write_arrays,
    "npy": write_array,
    "matrix-market": write_matrix_market,
    "scipy": write_scipy,
    "graphchallenge": write_graphchallenge,
    "graphml": write_graphml,
    "edge-list": write_edge_list,
}


def _only_layer(graph: LayeredGraph, form: str) -> Layer:
    if len(graph.layers) > 1:
        raise ParameterError(
            f"A file of the format {form} holds one layer, but the net has {len(graph.layers)}.",
            hint="choose one with --layers K:K, or write a .npz.",
        )
    return graph.layers[0]


def _matrix(layer: Layer) -> Any:
    return layer.biadjacency.to_csr().astype(np.bool_)


def _dense(layer: Layer) -> Any:
    return _matrix(layer).toarray()


def _digits(graph: LayeredGraph) -> int:
    return len(str(len(graph.layers)))


def _folder(path: Path, names: Sequence[str], is_layer: Callable[[str], bool]) -> Path:
    """Make a folder for layers of these names; refuse one that holds layers of another net."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"{shown(path)}: The output must be a folder that can be made, but it cannot "
            f"({error.strerror})."
        ) from error
    others = sorted(
        one.name for one in path.iterdir() if is_layer(one.name) and one.name not in names
    )
    if others:
        raise ParameterError(
            f"{shown(path)}: The folder must hold no other layers, which would be read as this "
            f"net's, but it holds {shown(others[0])}"
            f"{f' and {len(others) - 1} more' if others[1:] else ''}.",
            hint="name another folder, or remove them.",
        )
    return path


def _lines(layer: Layer) -> Iterator[bytes]:
    sources, targets = layer.biadjacency.to_csr().nonzero()
    for start in range(0, sources.size, _ROWS):
        pairs = zip(
            sources[start : start + _ROWS].tolist(),
            targets[start : start + _ROWS].tolist(),
            strict=True,
        )
        yield "".join(f"{i + 1}\t{j + 1}\t1\n" for i, j in pairs).encode("ascii")
