"""Which unit stands where?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Sparse


def layer_of(
    sources: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64],
    shape: tuple[int, int],
    rng: np.random.Generator,
    permuted: bool,
) -> Sparse:
    """Build a layer from its edges, its inputs and outputs in another order if asked.

    The layer with ``permuted`` is isomorphic to the one without: every property of the layer
    alone is the same, but not what it does between two others, nor how it lies on the data.

    Parameters
    ----------
    sources, targets : ndarray of int64, shape (n_edges,)
    shape : (int, int)
        ``(n_in, n_out)``.
    rng : numpy.random.Generator
        Draws the two orders, each equally likely.
    permuted : bool

    Examples
    --------
    >>> steps = np.arange(3)
    >>> layer_of(steps, steps, (3, 3), np.random.default_rng(4), True).to_csr().toarray()
    array([[0, 0, 1],
           [1, 0, 0],
           [0, 1, 0]])
    """
    if permuted:
        sources = rng.permutation(shape[0])[sources]
        targets = rng.permutation(shape[1])[targets]
    return Sparse.from_edges(sources, targets, shape)
