"""Files of every format, as they should be."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import numpy as np
import scipy.io
import scipy.sparse

from topograph.biadjacency import Convolution, Pooling, Selection, Transposed
from topograph.graph import chain
from topograph.io import write
from topograph.toy import broken_bridge, butterfly, shortcut


def saved(graph_or_arrays):
    file = io.BytesIO()
    np.savez(file, **graph_or_arrays)
    return file.getvalue()


def valid_files(folder):
    mask = np.array([[1.0, 0, 2], [0, 0, 0], [-1, 0.5, 0]])
    text = b"".join(b"%d\t%d\t0.5\n" % (row + 1, col + 1) for row, col in np.argwhere(mask))
    yield "n4-l1.tsv", text
    yield "n4-l1.tsv.gz", gzip.compress(text)
    yield "edges.tsv", text.replace(b"0.5", b"0.25", 1)
    for code in ("?", "<i2", ">f4", "<f8"):
        file = io.BytesIO()
        np.save(file, mask.astype(code))
        yield "mask.npy", file.getvalue()
    yield "mask.npz", saved({"a": mask, "b": mask.astype(np.int8)})
    file = io.BytesIO()
    np.savez_compressed(file, a=mask)
    yield "mask.npz", file.getvalue()
    for layout in ("csr", "csc", "coo", "bsr", "dia"):
        for compressed in (False, True):
            matrix = scipy.sparse.coo_array(mask).asformat(layout)
            scipy.sparse.save_npz(folder / "save.npz", matrix, compressed=compressed)
            yield "mask.npz", (folder / "save.npz").read_bytes()
    for matrix in (scipy.sparse.coo_array(mask), mask, scipy.sparse.csr_array(np.eye(3))):
        for field in ("real", "integer"):
            file = io.BytesIO()
            scipy.io.mmwrite(file, matrix, comment="by hand", field=field)
            yield "mask.mtx", file.getvalue()
            yield "mask.mtx.gz", gzip.compress(file.getvalue())
    for graph in (butterfly(), broken_bridge(), shortcut(), convolutional_net()):
        write(graph, folder / "save.npz")
        yield "mask.npz", (folder / "save.npz").read_bytes()
    yield "mask.npz", masks_of_convolutions(*CONVOLUTIONS)


def convolutional_net():
    kernel = np.arange(8).reshape(2, 1, 2, 2) % 3 == 0
    first = Convolution(kernel, (3, 4), stride=(1, 2), padding=((0, 1), (1, 0)))
    pooled = Pooling.windows(2, first.output_size, 2, padding=1)
    width = pooled.shape[1]
    turned = Transposed(Selection(np.arange(width), width))
    return chain([first, pooled, Selection(np.arange(-1, width - 1), width), turned])


CONVOLUTIONS = (
    {
        "format": "topograph-convolutions",
        "format_version": 1,
        "input": [1, 4, 4],
        "layers": [
            {
                "name": "conv1",
                "kind": "convolution",
                "input": [1, 4, 4],
                "output": [2, 3, 3],
                "mask": "layers/1/mask.npy",
                "shape": [2, 1, 2, 2],
                "stride": [1, 1],
                "padding": [[0, 0], [0, 0]],
                "dilation": [1, 1],
                "groups": 1,
            },
            {
                "name": "pool1",
                "kind": "max_pooling",
                "input": [2, 3, 3],
                "output": [2, 2, 2],
                "size": [2, 2],
                "stride": [2, 2],
                "padding": [[0, 0], [0, 0]],
                "dilation": [1, 1],
                "ceil_mode": True,
            },
            {"name": "flatten", "kind": "flatten", "input": [2, 2, 2], "output": [8]},
            {
                "name": "fc",
                "kind": "linear",
                "input": [8],
                "output": [3],
                "mask": "layers/4/mask.npy",
                "shape": [3, 8],
            },
        ],
        "provenance": {"by": "hand"},
    },
    {
        "layers/1/mask.npy": np.arange(8).reshape(2, 1, 2, 2) % 3 == 0,
        "layers/4/mask.npy": np.arange(24).reshape(3, 8) % 5 == 0,
    },
)


def masks_of_convolutions(header, arrays):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("topograph-convolutions.json", json.dumps(header))
        for name, array in arrays.items():
            with archive.open(name, "w") as member:
                np.save(member, array)
    return file.getvalue()
