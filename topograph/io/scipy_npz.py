"""One sparse matrix as ``scipy.sparse.save_npz`` writes it, checked before scipy sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.mask import sparse_values
from topograph.io.zipped import Members

MARKS = frozenset({"format.npy", "shape.npy", "data.npy"})

_INDICES = {
    "csr": ("indices", "indptr"),
    "csc": ("indices", "indptr"),
    "bsr": ("indices", "indptr"),
    "coo": ("row", "col"),
    "dia": ("offsets",),
}


def read_scipy(members: Members, budget: Budget) -> Any:
    """Return the scipy sparse matrix whose arrays are the members.

    Raises
    ------
    ReadError
        If the arrays do not describe a matrix: the check that scipy leaves to trust.
    """
    kind = _text(members, "format.npy")
    if kind not in _INDICES:
        raise ReadError(
            f"A sparse matrix must have the format {', '.join(_INDICES)}, but it is {kind!r}."
        )
    expected = {*MARKS, *(f"{name}.npy" for name in _INDICES[kind]), "_is_array.npy"}
    for member in members.names:
        if member not in expected:
            raise ReadError(f"A {kind} matrix must not have a member {member!r}, but it has one.")
    n_rows, n_columns = _shape(members, budget)
    data = sparse_values(members.array("data.npy"))
    indices = [_indices(members, name) for name in _INDICES[kind]]
    budget.check_entries(int(data.size))
    if kind == "coo":
        row, column = indices
        _check(row.shape == column.shape == data.shape, "row, col and data of one length")
        _check_range("row", row, n_rows)
        _check_range("col", column, n_columns)
        return scipy.sparse.coo_array((data, (row, column)), shape=(n_rows, n_columns))
    if kind == "dia":
        (offsets,) = indices
        _check(data.ndim == 2 and len(data) == offsets.size, "one row of data an offset")
        _check(np.unique(offsets).size == offsets.size, "offsets without repetition")
        _check_range("offsets", offsets, n_columns, low=1 - n_rows)
        return scipy.sparse.dia_array((data, offsets), shape=(n_rows, n_columns))
    height, width = data.shape[1:] if kind == "bsr" and data.ndim == 3 else (1, 1)
    _check(data.ndim == (3 if kind == "bsr" else 1), "data of the right number of dimensions")
    _check(min(height, width) > 0, "blocks that are not empty")
    _check(n_rows % height == 0 and n_columns % width == 0, "blocks that tile the matrix")
    n_major, n_minor = n_rows // height, n_columns // width
    if kind == "csc":
        n_major, n_minor = n_minor, n_major
    minor, pointer = indices
    _check(minor.size == len(data), "as many indices as data")
    _check(pointer.size == n_major + 1, f"an indptr of {n_major + 1} entries")
    rises = pointer[0] == 0 and pointer[-1] == minor.size and (pointer[1:] >= pointer[:-1]).all()
    _check(bool(rises), f"an indptr that rises from 0 to {minor.size}")
    _check_range("indices", minor, n_minor)
    make = getattr(scipy.sparse, f"{kind}_array")
    return make((data, minor, pointer), shape=(n_rows, n_columns))


def _text(members: Members, name: str) -> str:
    array = members.array(name, kinds="SU")
    if array.ndim != 0 or array.dtype.itemsize > 64:
        raise ReadError(f"The member {name!r} must be one short word, but it is not.")
    word = array.item()
    try:
        return word if isinstance(word, str) else word.decode("ascii")
    except ValueError:
        raise ReadError(f"The member {name!r} must be one short word, but it is not.") from None


def _shape(members: Members, budget: Budget) -> tuple[int, int]:
    shape = members.array("shape.npy", kinds="iu")
    if shape.shape != (2,):
        raise ReadError(f"A layer must be a matrix, but it has {shape.size} dimensions.")
    n_rows, n_columns = (int(width) for width in shape)
    if n_rows < 1 or n_columns < 1:
        raise ReadError(
            f"A layer must join at least one unit to one unit, not {n_rows} to {n_columns}."
        )
    budget.check_width(n_rows)
    budget.check_width(n_columns)
    return n_rows, n_columns


def _indices(members: Members, name: str) -> Any:
    member = f"{name}.npy"
    if member not in members.names:
        raise ReadError(f"The matrix must have a member {member!r}, but it has none.")
    array = members.array(member, kinds="iu")
    _check(array.ndim == 1, f"{name} in one dimension")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ReadError(f"The member {member!r} must hold indices, but {array.max()} is none.")
    return array if array.dtype in (np.int32, np.int64) else array.astype(np.int64)


def _check(holds: bool, expected: str) -> None:
    if not holds:
        raise ReadError(f"A sparse matrix must have {expected}, but this one does not.")


def _check_range(name: str, indices: Any, width: int, low: int = 0) -> None:
    if indices.size and (indices.min() < low or indices.max() >= width):
        stray = int(indices.min()) if indices.min() < low else int(indices.max())
        raise ReadError(f"{name} must lie in {low}..{width - 1}, but there is {stray}.")
