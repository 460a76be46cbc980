"""Named graphs small enough to draw."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Identity, Kronecker, Sparse
from topograph.graph import Layer, LayeredGraph, chain


def butterfly() -> LayeredGraph:
    """Return the RadiX-Net ``[[2, 2]]``: 4-4-4, one path between every input and output.

    Examples
    --------
    >>> butterfly().widths
    (4, 4, 4)
    """
    return chain([Kronecker(4, 2, 1), Kronecker(4, 2, 2)], provenance={"toy": "butterfly"})


def fano() -> LayeredGraph:
    """Return the incidence of the Fano plane: 7 points, 7 lines, 3 points on a line.

    Its singular values are 3 and, six times, the square root of 2: a Ramanujan graph.

    Examples
    --------
    >>> fano().n_edges
    21
    """
    lines = (np.arange(7)[:, None] + np.array([0, 1, 3])) % 7
    points = np.repeat(np.arange(7), 3)
    layer = Sparse.from_edges(lines.ravel(), points, shape=(7, 7))
    return chain([layer], provenance={"toy": "fano"})


def broken_bridge() -> LayeredGraph:
    """Return a 3-3-2 net with a dead input, a dead hidden unit and one unconnected pair.

    Inputs 0 and 1 feed hidden units 0 and 1; input 2 feeds nothing. Hidden unit 0 feeds
    both outputs, unit 1 output 1, unit 2 output 1 without having an input: there is no
    path from input 1 to output 0.

    Examples
    --------
    >>> broken_bridge().widths
    (3, 3, 2)
    """
    first = Sparse.from_edges([0, 1], [0, 1], shape=(3, 3))
    second = Sparse.from_edges([0, 0, 1, 2], [0, 1, 1, 1], shape=(3, 2))
    return chain([first, second], provenance={"toy": "broken_bridge"})


def shortcut() -> LayeredGraph:
    """Return a dense 2-2-2 net with a skip connection: 3 paths straight on, 2 across.

    Examples
    --------
    >>> shortcut().is_chain
    False
    """
    dense = Sparse.from_matrix(np.ones((2, 2)))
    layers = [
        Layer("first", 0, 1, dense),
        Layer("second", 1, 2, dense),
        Layer("skip", 0, 2, Identity(2, 2)),
    ]
    return LayeredGraph([2, 2, 2], layers, {"toy": "shortcut"})
