"""Nets of every kind that certificates are made for."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import BitPacked, Sparse
from topograph.generators import radix_net
from topograph.graph import chain
from topograph.toy import broken_bridge, butterfly, shortcut

NETS = {
    "symmetric": lambda: radix_net([[3, 3], [3, 3]]),
    "one path a pair": butterfly,
    "unconnected": broken_bridge,
    "skips": shortcut,
    "several hubs": lambda: chain(
        [
            Sparse.from_matrix(mask)
            for mask in (np.array([[1, 0], [1, 1], [0, 1]]), np.eye(2), np.ones((2, 3)))
        ]
    ),
    "no hub": lambda: chain(
        [
            Sparse.from_matrix(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]])),
            Sparse.from_matrix(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])),
        ]
    ),
    "packed": lambda: chain(
        [BitPacked.from_matrix(np.tri(9)), BitPacked.from_matrix(np.ones((9, 5)))]
    ),
    "no path": lambda: chain([Sparse.from_matrix(np.zeros((2, 2)))]),
}
