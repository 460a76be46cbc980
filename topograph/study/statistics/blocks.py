"""Which runs differ in nothing but what was mended?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats, Integers, joined, labels, numbers


@dataclass(frozen=True, eq=False)
class Blocks:
    """The outcomes of each block at the corners of the factorial.

    Parameters
    ----------
    outcome : ndarray of shape (blocks, corners)
        Bit j of a corner's number says whether factor j is mended there. 0 where there is no row.
    is_filled : ndarray of bool of shape (blocks, corners)
    topology, stratum : ndarray of shape (blocks,)
        Codes.
    stratum_names : tuple of str
    """

    outcome: Floats
    is_filled: npt.NDArray[np.bool_]
    topology: Integers
    stratum: Integers
    stratum_names: tuple[str, ...]

    @property
    def is_complete(self) -> npt.NDArray[np.bool_]:
        """Whether each block has a row at every corner."""
        return np.asarray(self.is_filled.all(axis=1))

    def of_stratum(self, stratum: int) -> Blocks:
        """Return the blocks of one stratum."""
        here = self.stratum == stratum
        return replace(
            self,
            outcome=self.outcome[here],
            is_filled=self.is_filled[here],
            topology=self.topology[here],
            stratum=self.stratum[here],
        )


def blocks_of(
    outcome: npt.ArrayLike,
    mends: Mapping[str, npt.ArrayLike],
    blocks: npt.ArrayLike,
    topologies: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
) -> Blocks:
    """Return the blocks of a table, in the order of their names.

    Raises
    ------
    ParameterError
        If a block has two topologies or strata, or a corner twice.

    Examples
    --------
    >>> found = blocks_of([5, 6, 7], {"decay": [0, 1, 0]}, ["a", "a", "b"], [1, 1, 2])
    >>> found.outcome.tolist(), found.is_complete.tolist()
    ([[5.0, 6.0], [7.0, 0.0]], [True, False])
    """
    values = numbers("outcome", outcome)
    rows = values.size
    block, block_names = labels("blocks", blocks, rows)
    topology = labels("topologies", topologies, rows)[0]
    stratum, stratum_names = labels("strata", np.zeros(rows) if strata is None else strata, rows)
    first = np.unique(block, return_index=True)[1]
    for name, column in (("topology", topology), ("stratum", stratum)):
        strange = np.flatnonzero(column != column[first][block])
        if strange.size:
            raise ParameterError(
                f"A block must have one {name}, but {block_names[block[strange[0]]]!r} has two.",
                hint="name the topology and stratum of the base, before anything is mended",
            )
    corner = np.zeros(rows, dtype=np.int64)
    for at, (factor, mended) in enumerate(mends.items()):
        bits = numbers(factor, mended, rows)
        if not np.isin(bits, (0, 1)).all():
            raise ParameterError(f"{factor} must hold only True and False.")
        corner += bits.astype(np.int64) << at
    doubles = np.flatnonzero(np.bincount(joined(block, corner))[joined(block, corner)] > 1)
    if doubles.size:
        raise ParameterError(
            f"Every combination must come once in a block, but it comes twice in "
            f"{block_names[block[doubles[0]]]!r} (row {doubles[0]}).",
            hint="let a block be one base topology, labelling and seed in one environment",
        )
    table = np.zeros((len(block_names), 2 ** len(mends)))
    filled = np.zeros(table.shape, dtype=np.bool_)
    table[block, corner] = values
    filled[block, corner] = True
    return Blocks(table, filled, topology[first], stratum[first], stratum_names)
