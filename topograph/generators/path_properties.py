"""What is a path property of a chain worth, and how would switches of edges change it?

The paths between inputs and outputs are ``P = F M B``, with ``M`` the layer of a switch, ``F``
the paths that arrive at its sources and ``B`` those that leave its targets. The switch of
``(a, i), (b, j)`` to ``(a, j), (b, i)`` adds the matrix ``u v^T`` to P, of rank one:
``u = F_a - F_b`` and ``v = B_j - B_i``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse

from topograph.graph import LayeredGraph

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

_LARGEST_POWER = 200.0  # of a weight below 1: what has more paths weighs nothing


class Spectrum(NamedTuple):
    """The two largest singular values of a matrix, and their singular vectors as columns."""

    values: Floats
    left: Floats
    right: Floats


class Switches(NamedTuple):
    """Switches of ``(a, i), (b, j)`` to ``(a, j), (b, i)`` in one layer, each by itself."""

    layer: int
    a: Integers
    i: Integers
    b: Integers
    j: Integers


@dataclass(frozen=True, eq=False)
class Wiring:
    """The edges of a chain with the path counts that follow from them.

    Parameters
    ----------
    widths : tuple of int
    sources, targets : tuple of ndarray of int64
        Ends of the edges, layer by layer.
    spectra : tuple of Spectrum
        Of the layers.
    """

    widths: tuple[int, ...]
    sources: tuple[Integers, ...]
    targets: tuple[Integers, ...]
    spectra: tuple[Spectrum, ...]

    @cached_property
    def matrices(self) -> tuple[Any, ...]:
        """The biadjacency of each layer."""
        return tuple(
            _matrix(self.widths[index : index + 2], *ends)
            for index, ends in enumerate(zip(self.sources, self.targets, strict=True))
        )

    @cached_property
    def arriving(self) -> tuple[Floats, ...]:
        """Paths from every input to every unit of each level, shapes ``(n_k, n_0)``."""
        levels = [np.eye(self.widths[0])]
        for matrix in self.matrices:
            levels.append(matrix.T @ levels[-1])
        return tuple(levels)

    @cached_property
    def leaving(self) -> tuple[Floats, ...]:
        """Paths from every unit of each level to every output, shapes ``(n_k, n_L)``."""
        levels = [np.eye(self.widths[-1])]
        for matrix in reversed(self.matrices):
            levels.append(matrix @ levels[-1])
        return tuple(reversed(levels))

    @property
    def paths(self) -> Floats:
        """The path matrix, shape ``(n_0, n_L)``."""
        return self.leaving[0]

    @cached_property
    def path_spectrum(self) -> Spectrum:
        """Of the path matrix."""
        return two_leading(self.paths)

    def rewired(self, layer: int, targets: Integers) -> Wiring:
        """Return the chain with other targets of the edges of one layer."""
        shape = self.widths[layer : layer + 2]
        leading = two_leading(_matrix(shape, self.sources[layer], targets))
        return Wiring(
            self.widths,
            self.sources,
            (*self.targets[:layer], targets, *self.targets[layer + 1 :]),
            (*self.spectra[:layer], leading, *self.spectra[layer + 1 :]),
        )


def wiring_of(graph: LayeredGraph) -> Wiring:
    """Edges of a chain, with the spectra of its layers.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> wiring_of(butterfly()).paths.tolist()[0]
    [1.0, 1.0, 1.0, 1.0]
    """
    rows = [layer.biadjacency.to_csr() for layer in graph.layers]
    ends = [
        (np.repeat(np.arange(row.shape[0]), np.diff(row.indptr)), row.indices.astype(np.int64))
        for row in rows
    ]
    sources, targets = zip(*ends, strict=True)
    spectra = tuple(two_leading(row.astype(np.float64)) for row in rows)
    return Wiring(graph.widths, sources, targets, spectra)


def two_leading(matrix: Any) -> Spectrum:
    """Two largest singular values of a matrix, sparse or dense; a missing one counts as 0.

    Examples
    --------
    >>> two_leading(np.array([[3.0, 0.0], [0.0, 4.0]])).values.tolist()
    [4.0, 3.0]
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    gram = tall.T @ tall
    gram = gram.toarray() if scipy.sparse.issparse(gram) else gram
    n = gram.shape[0]
    squares, narrow = scipy.linalg.eigh(gram, subset_by_index=[max(n - 2, 0), n - 1])
    values = np.zeros(2)
    values[: squares.size] = np.sqrt(np.maximum(squares[::-1], 0.0))
    vectors = np.zeros((n, 2))
    vectors[:, : squares.size] = narrow[:, ::-1]
    images = (tall @ vectors) / np.where(values > 1e-6 * values[0], values, np.inf)
    pair = (images, vectors) if tall is matrix else (vectors, images)
    return Spectrum(values, *pair)


def connected_change(wiring: Wiring, switches: Switches, weight: float) -> Floats:
    """About how many more pairs are connected, weighing down those with many paths.

    A path more between a pair with ``p`` paths counts ``weight^p``, and a path less
    ``-weight^(p - 1)``: for a small weight the gains and losses of connected pairs.
    """
    arriving, leaving = wiring.arriving[switches.layer], wiring.leaving[switches.layer + 1]
    pull = arriving @ weight ** np.minimum(wiring.paths, _LARGEST_POWER)
    _, a, i, b, j = switches
    gained = _dots(pull[a], leaving[j]) + _dots(pull[b], leaving[i])
    lost = _dots(pull[a], leaving[i]) + _dots(pull[b], leaving[j])
    return np.asarray(gained - lost / weight) / wiring.paths.size


def variation_change(wiring: Wiring, switches: Switches) -> Floats:
    """Change of the squared coefficient of variation of the path counts, near exact."""
    total = wiring.paths.sum()
    shares = wiring.paths / total
    u, v = _factors(wiring, switches)
    _, a, _, b, _ = switches
    pull = wiring.arriving[switches.layer] @ (2.0 * (shares - (shares * shares).sum()))
    own = _dots(u, u) * _dots(v, v) / total
    return np.asarray(wiring.paths.size / total * (_dots(pull[a] - pull[b], v) + own))


def _path_count_change(wiring: Wiring, switches: Switches) -> Floats:
    u, v = _factors(wiring, switches)
    return np.asarray(u.sum(axis=1) * v.sum(axis=1))


def _end_to_end_change(wiring: Wiring, switches: Switches) -> Floats:
    (first, second), left, right = wiring.path_spectrum
    _, a, i, b, j = switches
    heads = wiring.arriving[switches.layer] @ left
    tails = wiring.leaving[switches.layer + 1] @ right
    changes = (heads[a] - heads[b]) * (tails[j] - tails[i])
    return np.asarray(changes[:, 0] * second / first**2 - changes[:, 1] / first)


def _layer_gap_change(wiring: Wiring, switches: Switches) -> Floats:
    layer, a, i, b, j = switches
    _, left, right = wiring.spectra[layer]
    changes = (left[a] - left[b]) * (right[j] - right[i])
    return np.asarray((changes[:, 0] - changes[:, 1]) / len(wiring.spectra))


def _connected(wiring: Wiring) -> float:
    return float(np.count_nonzero(wiring.paths) / wiring.paths.size)


def _variation(wiring: Wiring) -> float:
    return float(wiring.paths.std() / wiring.paths.mean())


def _path_count(wiring: Wiring) -> float:
    return float(wiring.paths.sum())


def _end_to_end_gap(wiring: Wiring) -> float:
    first, second = wiring.path_spectrum.values
    return float(1.0 - second / first)


def _mean_layer_gap(wiring: Wiring) -> float:
    return float(np.mean([values[0] - values[1] for values, _, _ in wiring.spectra]))


class PathProperty(NamedTuple):
    """A property of a chain: its value, and about what each of some switches adds to it."""

    value: Callable[[Wiring], float]
    change: Callable[[Wiring, Switches], Floats]


PATH_PROPERTIES: Mapping[str, PathProperty] = {
    "connected_pair_fraction": PathProperty(
        _connected, lambda wiring, switches: connected_change(wiring, switches, 0.25)
    ),
    "path_count_cv": PathProperty(_variation, variation_change),
    "path_count": PathProperty(_path_count, _path_count_change),
    "end_to_end_gap": PathProperty(_end_to_end_gap, _end_to_end_change),
    "spectral_gap": PathProperty(_mean_layer_gap, _layer_gap_change),
}


def _matrix(shape: tuple[int, ...], sources: Integers, targets: Integers) -> Any:
    return scipy.sparse.csr_array((np.ones(sources.size), (sources, targets)), shape=shape)


def _factors(wiring: Wiring, switches: Switches) -> tuple[Floats, Floats]:
    layer, a, i, b, j = switches
    arriving, leaving = wiring.arriving[layer], wiring.leaving[layer + 1]
    return arriving[a] - arriving[b], leaving[j] - leaving[i]


def _dots(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.einsum("ep,ep->e", one, other))
