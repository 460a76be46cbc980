"""Layers of dense blocks and a stride permutation, and the net of two of them."""

from __future__ import annotations

import math

import numpy as np

from topograph.biadjacency import Kronecker, Sparse
from topograph.errors import ParameterError
from topograph.generators.provenance import made_by
from topograph.generators.reach import check_reachable, neighbours
from topograph.generators.registry import family
from topograph.generators.relabelling import layer_of
from topograph.graph import LayeredGraph, chain
from topograph.radix.arguments import checked_integer
from topograph.radix.divisors import divisors, nearest_listed


def _monarch_counts(
    n_in: int, n_out: int, n_edges: int, *, permuted: bool = False
) -> tuple[int, ...]:
    del permuted
    blocks = divisors(math.gcd(n_in, n_out))
    return neighbours([n_in * n_out // number for number in reversed(blocks)], n_edges)


@family("monarch", reachable=_monarch_counts)
def monarch_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, *, permuted: bool = False
) -> Sparse:
    r"""Equal dense blocks along the diagonal, then a permutation that deals the outputs out.

    With ``b`` blocks, input ``i`` feeds output ``j`` where ``floor(i b / n_in) = j mod b``: the
    outputs of each block go to every ``b``-th place. Fan-ins are ``n_in / b``, fan-outs
    ``n_out / b``; ``n_edges = n_in n_out / b`` defines ``b``, which divides both widths. Two such
    layers with ``b = sqrt(n)`` join every input to every output by one path.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        ``n_in * n_out / b``.
    rng : numpy.random.Generator
        Used if ``permuted`` alone.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If the number of edges is another; the hint names the nearest.

    References
    ----------
    Dao et al., "Monarch: expressive structured matrices for efficient and accurate training",
    ICML 2022, arXiv 2204.00595.

    Examples
    --------
    >>> monarch_layer(4, 6, 12, np.random.default_rng(0)).to_csr().toarray()
    array([[1, 0, 1, 0, 1, 0],
           [1, 0, 1, 0, 1, 0],
           [0, 1, 0, 1, 0, 1],
           [0, 1, 0, 1, 0, 1]])
    """
    nearest = _monarch_counts(n_in, n_out, n_edges)
    check_reachable("monarch", n_in, n_out, n_edges, nearest)
    blocks = n_in * n_out // n_edges
    fan_out = n_out // blocks
    edges = np.arange(n_edges, dtype=np.int64)
    sources, place = edges // fan_out, edges % fan_out
    targets = sources * blocks // n_in + place * blocks
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


def monarch_net(n: int, blocks: int) -> LayeredGraph:
    r"""Return the two layers of a Monarch matrix: one path between every input and output.

    With ``s = n / blocks``, unit ``i`` is unit ``i mod s`` of block ``floor(i / s)``. The first
    layer joins all units of one block: ``blocks`` dense blocks of ``s x s``. The second joins
    all units of one place: ``s`` dense blocks of ``blocks x blocks``, spread by the stride
    permutation. Fans are ``s`` and ``blocks``. The RadiX-Net ``[[s, blocks]]`` has the same
    widths, fans and path counts, but is another graph.

    Parameters
    ----------
    n : int
        Units of each of the three levels.
    blocks : int
        A divisor of ``n``; near its root the fewest edges, ``n (s + blocks)``.

    Raises
    ------
    ParameterError
        If ``blocks`` does not divide ``n``; the hint lists the nearest divisors.

    References
    ----------
    Dao et al., "Monarch: expressive structured matrices for efficient and accurate training",
    ICML 2022, arXiv 2204.00595.

    Examples
    --------
    >>> net = monarch_net(6, 2)
    >>> net.layers[0].biadjacency.to_csr().toarray()[0]
    array([1, 1, 1, 0, 0, 0])
    >>> net.layers[1].biadjacency.to_csr().toarray()[0]
    array([1, 0, 0, 1, 0, 0])
    """
    width = checked_integer("n", n, 1, "the units of a level, such as 1024.")
    number = checked_integer("blocks", blocks, 1)
    size, rest = divmod(width, number)
    if rest:
        raise ParameterError.expected(
            "blocks",
            f"a divisor of {width}",
            blocks,
            hint=f"make it {nearest_listed(divisors(width), number)}.",
        )
    edges = np.arange(width * size, dtype=np.int64)
    sources = edges // size
    first = Sparse.from_edges(sources, sources // size * size + edges % size, (width, width))
    second = Kronecker(base=size, radix=1, place_value=1, dense_in=number, dense_out=number)
    return chain([first, second], provenance=made_by("monarch", {"n": width, "blocks": number}))
