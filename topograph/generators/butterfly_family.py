"""Layers of the fast Fourier transform, and the net they make: one path between every two ends."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators.provenance import made_by
from topograph.generators.reach import check_reachable, neighbours
from topograph.generators.registry import family
from topograph.generators.relabelling import layer_of
from topograph.graph import LayeredGraph, chain
from topograph.radix.arguments import checked_integer


def _butterfly_counts(
    n_in: int, n_out: int, n_edges: int, *, stage: int = 0, permuted: bool = False
) -> tuple[int, ...]:
    del permuted
    if n_in != n_out:
        raise ParameterError(
            f"A butterfly layer must be square, but it is {n_in} x {n_out}.",
            hint=f"the nearest are {_power_near(n_in)} x {_power_near(n_in)} and "
            f"{_power_near(n_out)} x {_power_near(n_out)}.",
        )
    n_digits = _digits(n_in)
    if checked_integer("stage", stage, 0) > n_digits:
        raise ParameterError.expected(
            "stage",
            f"at most {n_digits}, the number of binary digits of {n_in} units",
            stage,
            hint=f"make it {n_digits}, or ask for more units.",
        )
    return neighbours([n_in * 2**digits for digits in range(n_digits - stage + 1)], n_edges)


@family("butterfly", reachable=_butterfly_counts)
def butterfly_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    stage: int = 0,
    permuted: bool = False,
) -> Sparse:
    r"""Unit i feeds unit j where their numbers differ in chosen binary digits alone.

    The digits are ``stage .. stage + q - 1``, the lowest being 0: the layer is
    ``I kron ones(2^q, 2^q) kron I``, the last identity of ``2^stage`` units. ``q = 1`` is the
    butterfly of the fast Fourier transform, a larger one that of radix ``2^q``. All fans are
    ``2^q``, so that ``n_edges = n 2^q`` defines ``q``.

    Parameters
    ----------
    n_in, n_out : int
        The same power of two.
    n_edges : int
        ``n_in * 2^q``, with ``stage + q`` at most the number of digits.
    rng : numpy.random.Generator
        Used if ``permuted`` alone.
    stage : int, default 0
        The lowest of the digits. `butterfly_net` takes one digit after the other.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If the layer is not square, its width no power of two, or the number of edges another;
        the hint names the nearest.

    References
    ----------
    Cooley & Tukey, "An algorithm for the machine calculation of complex Fourier series",
    1965; Dao et al., "Learning fast algorithms for linear transforms using butterfly
    factorizations", ICML 2019.

    Examples
    --------
    >>> butterfly_layer(4, 4, 8, np.random.default_rng(0), stage=1).to_csr().toarray()
    array([[1, 0, 1, 0],
           [0, 1, 0, 1],
           [1, 0, 1, 0],
           [0, 1, 0, 1]])
    """
    nearest = _butterfly_counts(n_in, n_out, n_edges, stage=stage)
    check_reachable("butterfly", n_in, n_out, n_edges, nearest)
    fan = n_edges // n_in
    edges = np.arange(n_edges, dtype=np.int64)
    sources, step = edges // fan, edges % fan
    targets = (sources & ~((fan - 1) << stage)) | (step << stage)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


def butterfly_net(n: int, depth: int | None = None) -> LayeredGraph:
    r"""Return the butterfly network: layer k joins units that differ in binary digit k alone.

    Digits are taken from the lowest on, round and round. With ``n = 2^d``, exactly
    ``2^(depth - d)`` paths join every input to every output of a net of ``d`` layers or more:
    one if ``depth = d``. The RadiX-Net ``[[2] * d]`` has the same widths, fans and
    path counts, but is another graph: there a layer adds the digit, with a carry, and is made
    of ``2^k`` rings; here it is made of ``n / 2`` squares.

    Parameters
    ----------
    n : int
        Units of every level: a power of two, at least 2.
    depth : int, optional
        Number of layers, at least 1; the number of binary digits by default.

    Raises
    ------
    ParameterError
        If ``n`` is no power of two; the hint names the nearest.

    References
    ----------
    Dao et al., "Learning fast algorithms for linear transforms using butterfly
    factorizations", ICML 2019; Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> butterfly_net(8)
    LayeredGraph(widths=(8, 8, 8, 8), n_layers=3, n_edges=48)
    >>> from topograph.metrics import path_count
    >>> path_count(butterfly_net(8)) == 8 * 8
    True
    """
    width = checked_integer("n", n, 2, "the units of a level, such as 1024.")
    n_digits = _digits(width)
    n_layers = n_digits if depth is None else checked_integer("depth", depth, 1)
    rng = np.random.default_rng(0)  # not used: nothing is random
    stages = [
        butterfly_layer(width, width, 2 * width, rng, stage=stage)
        for stage in range(min(n_digits, n_layers))
    ]
    operators = [stages[layer % n_digits] for layer in range(n_layers)]
    return chain(operators, provenance=made_by("butterfly", {"n": width, "depth": n_layers}))


def _digits(width: int) -> int:
    """Return the ``d`` of ``width = 2^d``."""
    if width & (width - 1):
        raise ParameterError.expected(
            "The width of a butterfly layer",
            "a power of two",
            width,
            hint=f"the nearest is {_power_near(width)}.",
        )
    return width.bit_length() - 1


def _power_near(width: int) -> int:
    below = 1 << (width.bit_length() - 1)
    return below if width - below <= 2 * below - width else 2 * below
