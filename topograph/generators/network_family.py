"""Layers after the models of network science."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators.arrivals import draw_pairs_by_weight
from topograph.generators.communities import Communities
from topograph.generators.fans import even_fans
from topograph.generators.random_subsets import random_subsets
from topograph.generators.reach import check_reachable
from topograph.generators.receptive_fields import band_edges, draw_fields
from topograph.generators.registry import family
from topograph.generators.relabelling import layer_of
from topograph.generators.shares import checked_share
from topograph.radix.arguments import checked_integer

Cells = npt.NDArray[np.int64]


@family("small-world")
def small_world_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    rewiring: float = 0.1,
    permuted: bool = False,
) -> Sparse:
    r"""A band in which each edge's input end is moved anywhere with a given probability.

    The model of Watts and Strogatz for two levels: it starts from
    `topograph.generators.structured_family.banded_layer`; each edge is chosen with
    probability ``rewiring``; then every output draws new inputs for its chosen edges, all
    sets of inputs that it has not kept being equally likely (its old ones among them). So
    fan-ins stay as they are in the band. At 0 the layer is the band, at 1 every output has
    any inputs.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        From 0 to ``n_in * n_out``.
    rng : numpy.random.Generator
    rewiring : float, default 0.1
        From 0 to 1.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If ``rewiring`` lies outside, or there are more edges than pairs.

    References
    ----------
    Watts & Strogatz, "Collective dynamics of 'small-world' networks", 1998; for two levels
    (with both ends of an edge moved) Zhang et al., "Epitopological learning and
    Cannistraci-Hebb network shape intelligence", ICLR 2024.

    Examples
    --------
    >>> layer = small_world_layer(6, 3, 9, np.random.default_rng(0), rewiring=0.3)
    >>> layer.to_csr().toarray()
    array([[1, 0, 1],
           [1, 0, 0],
           [0, 0, 0],
           [0, 1, 0],
           [0, 1, 1],
           [1, 1, 1]])
    """
    probability = checked_share("rewiring", rewiring)
    check_reachable("small-world", n_in, n_out, n_edges)
    sources, targets = band_edges(n_in, n_out, n_edges)
    moved = rng.random(n_edges) < probability
    kept = np.sort(targets[~moved] * n_in + sources[~moved])
    anywhere = random_subsets(even_fans(n_out, n_edges), n_in, rng)
    new = rng.permutation(anywhere[~_are_among(anywhere, kept)])
    new = new[np.argsort(new // n_in, kind="stable")]
    outputs = new // n_in
    place = np.arange(new.size) - np.searchsorted(outputs, outputs)
    new = new[place < np.bincount(targets[moved], minlength=n_out)[outputs]]
    targets, sources = np.divmod(np.concatenate((kept, new)), n_in)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


@family("receptive-field")
def receptive_field_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    randomness: float = 0.25,
    permuted: bool = False,
) -> Sparse:
    r"""Every output draws its inputs the more likely, the nearer they are to the diagonal.

    The bipartite receptive field (BRF) with fixed fan-ins: output ``j`` draws its ``r_j``
    inputs one after another, without replacement, with weights ``(1 + d)^(-(1 - r) / r)``,
    where ``r`` is the randomness and ``d`` the distance, round a ring, of the input from the
    middle ``floor(j n_in / n_out) + floor(floor(n_edges / n_out) / 2)`` of the band. The
    fan-ins are the floor or the ceiling of ``n_edges / n_out``. At ``r = 0`` the layer is the
    band, and at ``r = 1`` every output has any inputs. A band of even length has its middle
    beside its last half, and at the distance of its first input there is another, outside:
    near ``r = 0`` an output has either.

    Parameters
    ----------
    n_in, n_out, n_edges, rng, permuted
        As of `small_world_layer`.
    randomness : float, default 0.25
        ``r``, from 0 to 1.

    Raises
    ------
    ParameterError
        If ``randomness`` lies outside, or there are more edges than pairs.

    Notes
    -----
    The paper writes the score as a power of the distance from the main diagonal and leaves
    open how distance is taken at the edges of the layer and how much weight an input at
    distance 0 has; the ring and the ``1 +`` are what settles it here.

    References
    ----------
    Zhang, Zhao, Wu, Muscoloni & Cannistraci, "Brain network science modelling of sparse neural
    networks enables Transformers and LLMs to perform as fully connected", arXiv 2501.19107.

    Examples
    --------
    >>> layer = receptive_field_layer(6, 6, 12, np.random.default_rng(0))
    >>> layer.to_csr().toarray()
    array([[0, 0, 0, 0, 0, 1],
           [0, 0, 0, 0, 0, 1],
           [1, 1, 1, 0, 0, 0],
           [0, 0, 1, 0, 0, 0],
           [0, 0, 0, 1, 1, 0],
           [1, 1, 0, 1, 1, 0]])
    """
    share = checked_share("randomness", randomness)
    check_reachable("receptive-field", n_in, n_out, n_edges)
    sources, targets = draw_fields(even_fans(n_out, n_edges), n_in, share, rng)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


@family("scale-free")
def scale_free_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, *, exponent: float = 3.0
) -> Sparse:
    r"""Pairs drawn by the product of power-law weights, so that fans have power-law tails.

    The static model of Goh, Kahng and Kim for two levels: on either level the unit of rank
    ``k = 1, 2, ...`` has the weight ``k^(-1 / (exponent - 1))``; pairs of an input and an output
    are drawn with a probability proportional to the product of their weights, and pairs that
    are edges already passed over, until there are ``n_edges``. Far from saturation the expected
    fans are proportional to the weights, as in the model of Chung and Lu, and their
    distribution falls as ``fan^(-exponent)``. Ranks are given to the units in random order;
    units may stay without an edge.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        From 0 to ``n_in * n_out``.
    rng : numpy.random.Generator
    exponent : float, default 3
        Above 2; the larger, the more equal the fans, and all weights are equal at infinity.
        3 is what preferential attachment gives.

    Raises
    ------
    ParameterError
        If the exponent is 2 or less, or there are more edges than pairs.

    References
    ----------
    Goh, Kahng & Kim, "Universal behavior of load distribution in scale-free networks", 2001;
    Chung & Lu, "Connected components in random graphs with given expected degree sequences",
    2002.

    Examples
    --------
    >>> layer = scale_free_layer(1000, 1000, 5000, np.random.default_rng(0))
    >>> fans_out = layer.backward(np.ones(1000, dtype=int))
    >>> layer.n_edges, bool(fans_out.max() > 10 * fans_out.mean())
    (5000, True)
    """
    if isinstance(exponent, bool) or not exponent > 2:
        raise ParameterError.expected(
            "exponent", "a number above 2", exponent, hint="3 is that of preferential attachment."
        )
    check_reachable("scale-free", n_in, n_out, n_edges)
    into, out = (np.log(np.arange(1, width + 1)) / (1 - exponent) for width in (n_in, n_out))
    sources, targets = draw_pairs_by_weight(n_edges, into, out, rng)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted=True)


def _community_counts(
    n_in: int,
    n_out: int,
    n_edges: int,
    *,
    blocks: int = 4,
    within: float = 0.9,
    permuted: bool = False,
) -> tuple[int, ...]:
    del permuted
    most = min(n_in, n_out)
    if checked_integer("blocks", blocks, 1) > most:
        raise ParameterError.expected(
            "blocks",
            f"at most {most}, the units of the narrower level",
            blocks,
            hint=f"make it {most}.",
        )
    share = checked_share("within", within)
    return (min(max(n_edges, 0), Communities(n_in, n_out, blocks).most_edges(share)),)


@family("stochastic-blocks", reachable=_community_counts)
def stochastic_blocks_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    blocks: int = 4,
    within: float = 0.9,
    permuted: bool = False,
) -> Sparse:
    r"""A given share of the edges lies in diagonal blocks, the rest outside, each at random.

    Input ``i`` is in block ``floor(i b / n_in)``, output ``j`` in block ``floor(j b / n_out)``.
    Of the edges, ``floor(within * n_edges + 1/2)`` join units of the same block, all sets of
    that many such pairs being equally likely, and the others units of different blocks. At
    ``within = 1`` nothing joins the blocks.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        At most as many as fit: the blocks are about ``1 / blocks`` of all pairs.
    rng : numpy.random.Generator
    blocks : int, default 4
        ``b``, from 1 to the narrower width.
    within : float, default 0.9
        From 0 to 1.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If an option lies outside, or the edges do not fit; the hint says how many would.

    References
    ----------
    Holland, Laskey & Leinhardt, "Stochastic blockmodels: first steps", 1983; with the numbers
    of edges fixed, Peixoto, "Entropy of stochastic blockmodel ensembles", 2012.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stochastic_blocks_layer(6, 4, 8, rng, blocks=2, within=1.0).to_csr().toarray()
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 0, 0, 0],
           [0, 0, 1, 0],
           [0, 0, 1, 0],
           [0, 0, 1, 1]])
    """
    nearest = _community_counts(n_in, n_out, n_edges, blocks=blocks, within=within)
    check_reachable("stochastic-blocks", n_in, n_out, n_edges, nearest)
    sources, targets = Communities(n_in, n_out, blocks).draw(n_edges, within, rng)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


def _are_among(cells: Cells, others: Cells) -> npt.NDArray[np.bool_]:
    """Whether each cell is one of the others; both in ascending order."""
    return np.asarray(np.append(others, -1)[np.searchsorted(others, cells)] == cells)
