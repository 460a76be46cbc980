"""Biregular layers at the two ends of expansion: Ramanujan graphs, and loosely joined blocks."""

from __future__ import annotations

import math

import numpy as np

from topograph.biadjacency import Sparse
from topograph.biadjacency.operator import Values
from topograph.errors import ParameterError
from topograph.generators.biregular_spectrum import second_singular_value
from topograph.generators.cells import cells_of, layer_from_cells
from topograph.generators.degree_family import biregular_layer
from topograph.generators.reach import check_reachable, neighbours
from topograph.generators.registry import Drawn, family
from topograph.radix.arguments import checked_integer
from topograph.radix.divisors import divisors, nearest_listed

_ROUNDING = 1e-9  # relative: a sigma_2 this close to the bound counts as on it


def ramanujan_counts(
    n_in: int,
    n_out: int,
    n_edges: int,
    *,
    max_draws: int = 20,  # noqa: ARG001  the options of the family
) -> tuple[int, ...]:
    """Nearest counts with equal fan-ins and equal fan-outs, all at least 3.

    Examples
    --------
    >>> ramanujan_counts(300, 100, 700), ramanujan_counts(300, 2, 600)
    ((900,), ())
    """
    step = math.lcm(n_in, n_out)
    fewest = -(-3 * max(n_in, n_out) // step) * step
    return neighbours(
        range(fewest, n_in * n_out + 1, step) if min(n_in, n_out) > 2 else (), n_edges
    )


@family("ramanujan", reachable=ramanujan_counts)
def ramanujan_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, *, max_draws: int = 20
) -> Drawn:
    """Biregular, and as good an expander as such a layer can be: a Ramanujan graph.

    ``sigma_2 <= sqrt(fan_out - 1) + sqrt(fan_in - 1)``, where sigma_2 is the second largest
    singular value. Random biregular layers are drawn until one meets the bound. Most do, by a
    margin that shrinks as the layer grows.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels; at least 3.
    n_edges : int
        A multiple of ``lcm(n_in, n_out)`` that makes both degrees 3 at least.
    rng : numpy.random.Generator
    max_draws : int, default 20
        After so many layers it is given up.

    Returns
    -------
    Drawn
        The layer, and the facts ``draws``, ``sigma_2`` and ``bound``.

    Raises
    ------
    ParameterError
        If the number of edges does not fit (the hint names the nearest), or no draw meets
        the bound (the best is named).

    References
    ----------
    Marcus, Spielman & Srivastava, "Interlacing families I: bipartite Ramanujan graphs of all
    degrees", 2015; Hoang et al., "Revisiting pruning at initialization through the lens of
    Ramanujan graph", ICLR 2023.

    Examples
    --------
    >>> drawn = ramanujan_layer(30, 20, 120, np.random.default_rng(0))
    >>> drawn.facts["draws"], drawn.facts["sigma_2"] <= drawn.facts["bound"]
    (1, True)
    """
    checked_integer("max_draws", max_draws, 1)
    counts = ramanujan_counts(n_in, n_out, n_edges)
    if not counts:
        raise ParameterError(
            f"A Ramanujan layer needs at least 3 units in both levels, but it is {n_in} x {n_out}.",
            hint="take the family balanced there: narrow layers are nearly dense anyway.",
        )
    check_reachable("ramanujan", n_in, n_out, n_edges, counts)
    bound = math.sqrt(n_edges / n_in - 1) + math.sqrt(n_edges / n_out - 1)
    best = math.inf
    for draw in range(1, max_draws + 1):
        layer = biregular_layer(n_in, n_out, n_edges, rng)
        sigma_2 = second_singular_value(layer)
        if sigma_2 <= bound * (1.0 + _ROUNDING):
            return Drawn(layer, {"draws": draw, "sigma_2": sigma_2, "bound": bound})
        best = min(best, sigma_2)
    raise ParameterError(
        f"sigma_2 of a layer of {n_in} x {n_out} with {n_edges} edges must be at most {bound:.6g}, "
        f"but the best of {max_draws} draws has {best:.6g}.",
        hint=f"allow more draws than max_draws={max_draws}, or take another seed.",
    )


def clustered_counts(
    n_in: int,
    n_out: int,
    n_edges: int,
    *,
    blocks: int = 2,
    bridges: int = 1,
    aligned: bool = False,  # noqa: ARG001  the options of the family
) -> tuple[int, ...]:
    """Nearest counts with equal fan-ins and fan-outs that fit into so many blocks.

    Raises
    ------
    ParameterError
        If the blocks do not divide both levels; the hint lists those that do.

    Examples
    --------
    >>> clustered_counts(300, 100, 16000, blocks=2)
    (15000,)
    """
    common = math.gcd(n_in, n_out)
    if checked_integer("blocks", blocks, 2) and common % blocks:
        needed = 2 * checked_integer("bridges", bridges, 0)  # inputs of a block
        choices = tuple(count for count in divisors(common)[1:] if n_in // count >= needed)
        raise ParameterError(
            f"The number of blocks must divide {n_in} and {n_out}, but it is {blocks}.",
            hint=f"make it {nearest_listed(choices, blocks)}."
            if choices
            else "the widths have no common divisor that leaves room for the bridges.",
        )
    step = math.lcm(n_in, n_out)
    return neighbours(range(step, n_in * n_out // blocks + 1, step), n_edges)


@family("clustered", reachable=clustered_counts)
def clustered_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    blocks: int = 2,
    bridges: int = 1,
    aligned: bool = False,
) -> Sparse:
    r"""Biregular, and as bad an expander as can be: blocks of units joined by few edges.

    The control of an expander with the same degrees. The units of both levels fall into equal
    blocks, each a random biregular layer of its own; each is joined to the next by switching
    ``bridges`` edges of the one with as many of the other. For ``E`` edges and ``b`` blocks
    ``sigma_2 >= sigma_1 (1 - bridges b^2 / ((b - 1) E))``, with equality without bridges.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        A multiple of ``lcm(n_in, n_out)``, up to ``n_in * n_out / blocks``.
    rng : numpy.random.Generator
    blocks : int, default 2
        At least 2; a divisor of both widths.
    bridges : int, default 1
        Switches between each block and the next; 0 keeps the blocks apart. At most half of
        the inputs of a block.
    aligned : bool, default False
        Whether blocks lie side by side and match from layer to layer, so that a whole net
        falls into blocks; otherwise the units of each are drawn at random.

    Raises
    ------
    ParameterError
        If the numbers do not fit; the hint names the nearest that do.

    Examples
    --------
    >>> apart = clustered_layer(4, 4, 8, np.random.default_rng(0), bridges=0, aligned=True)
    >>> apart.to_csr().toarray()
    array([[1, 1, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 1],
           [0, 0, 1, 1]])
    """
    counts = clustered_counts(n_in, n_out, n_edges, blocks=blocks, bridges=bridges)
    check_reachable("clustered", n_in, n_out, n_edges, counts)
    size_in, size_out = n_in // blocks, n_out // blocks
    if checked_integer("bridges", bridges, 0) > size_in // 2:
        raise ParameterError.expected(
            "bridges",
            f"at most {size_in // 2}, half of the {size_in} inputs of a block",
            bridges,
            hint=f"the nearest is {size_in // 2}; with 0 the blocks stay apart.",
        )
    inside = [
        cells_of(biregular_layer(size_in, size_out, n_edges // blocks, rng)).astype(np.int64)
        for _ in range(blocks)
    ]
    sources = np.array([cells // size_out + k * size_in for k, cells in enumerate(inside)])
    targets = np.array([cells % size_out + k * size_out for k, cells in enumerate(inside)])
    _join(targets, size_in, bridges, rng)
    if not aligned:
        sources = rng.permutation(n_in)[sources]
        targets = rng.permutation(n_out)[targets]
    return layer_from_cells((sources * n_out + targets).reshape(-1), (n_in, n_out))


def _join(targets: Values, size_in: int, bridges: int, rng: np.random.Generator) -> None:
    """Switch ``bridges`` edges of each block, of different inputs, with some of the next."""
    blocks, edges = targets.shape
    fan_out = edges // size_in
    chosen = np.array([rng.permutation(size_in)[: 2 * bridges] for _ in range(blocks)])
    places = chosen * fan_out + rng.integers(fan_out, size=chosen.shape)
    for block in range(blocks - 1):
        mine, its = places[block, :bridges], places[block + 1, bridges:]
        kept = targets[block, mine]
        targets[block, mine] = targets[block + 1, its]
        targets[block + 1, its] = kept
