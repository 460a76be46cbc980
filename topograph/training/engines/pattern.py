"""The edges of a layer as an engine walks them: unit by unit of the target level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from topograph.graph import Layer

Indices = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Edges of a layer, sorted by target unit and, within one, by source unit.

    This order is the order of a layer's weights wherever they are written as a vector.

    Parameters
    ----------
    offsets : ndarray of int32 or int64, shape (n_out + 1,)
        Target unit ``j`` owns the edges ``offsets[j]`` to ``offsets[j + 1] - 1``.
    sources : ndarray of the same type, shape (n_edges,)
        Source unit of each edge, strictly increasing within a target.
    shape : (int, int)
        ``(n_in, n_out)``.

    Examples
    --------
    >>> from topograph import from_layers
    >>> pattern = Pattern.of_layer(from_layers([[[1, 1], [0, 1], [0, 1]]]).layers[0])
    >>> pattern.offsets.tolist(), pattern.sources.tolist()
    ([0, 1, 4], [0, 0, 1, 2])
    """

    offsets: Indices
    sources: Indices
    shape: tuple[int, int]

    @classmethod
    def of_layer(cls, layer: Layer) -> Self:
        """Return the pattern of a layer of a graph."""
        by_target = layer.biadjacency.to_csr().T.tocsr()
        by_target.sort_indices()
        kind = np.int32 if max(layer.n_edges, *layer.shape) < 2**31 else np.int64
        return cls(by_target.indptr.astype(kind), by_target.indices.astype(kind), layer.shape)

    @classmethod
    def complete(cls, n_in: int, n_out: int) -> Self:
        """Return the pattern of a dense layer."""
        kind = np.int32 if n_in * n_out < 2**31 else np.int64
        offsets = np.arange(0, n_in * n_out + 1, n_in, dtype=kind)
        return cls(offsets, np.tile(np.arange(n_in, dtype=kind), n_out), (n_in, n_out))

    @property
    def n_edges(self) -> int:
        """The number of edges."""
        return len(self.sources)

    def fan_in(self) -> npt.NDArray[np.int64]:
        """Return the number of edges into every target unit; shape ``(n_out,)``."""
        return np.diff(self.offsets).astype(np.int64)

    def targets(self) -> Indices:
        """Return the target unit of each edge; shape ``(n_edges,)``."""
        return np.repeat(np.arange(self.shape[1], dtype=self.sources.dtype), np.diff(self.offsets))
