"""Pickles of plain values and arrays of bytes, read without running anything they name.

A pickle is a program: it may call whatever it names. Here it may name the functions with
which arrays and byte strings are pickled, and gets stand-ins for them that only keep what
they are given. Its instructions are listed and checked before one is carried out.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import ReadError
from topograph.io.paths import shown

_INSTRUCTIONS = """
    PROTO FRAME STOP MARK POP NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 FLOAT
    BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE
    BINUNICODE SHORT_BINUNICODE BINUNICODE8 EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE
    TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS PUT BINPUT LONG_BINPUT MEMOIZE GET
    BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD
"""
_PLAIN = frozenset(_INSTRUCTIONS.split())
_MOST_TUPLES = 1000  # hashing tuples in tuples without end overflows the stack of Python
_MEMO = ("PUT", "BINPUT", "LONG_BINPUT")
_DAMAGE = (
    pickle.UnpicklingError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    EOFError,
    OverflowError,
    RecursionError,
    ImportError,
)


class _KeptType:
    """Stands in for ``numpy.dtype``."""

    def __init__(self, name: Any = None, *_: Any) -> None:
        self.name = name.decode("latin-1") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        """Forget the byte order: bytes have none."""


class _KeptArray:
    """Stands in for ``numpy.ndarray``; keeps the state that the pickle gives it."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> npt.NDArray[np.uint8]:
        """Return the array, if it is a plain one of bytes."""
        if not (isinstance(self.state, tuple) and len(self.state) == 5):
            raise ReadError("A pickled array must have a shape, a type and values, but lacks them.")
        _, shape, kind, is_fortran, content = self.state
        if not (isinstance(kind, _KeptType) and kind.name in ("u1", "|u1")):
            raise ReadError(
                "A pickled array must hold unsigned bytes, but it holds something else."
            )
        is_shape = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
        if not (is_shape and isinstance(content, bytes)):
            raise ReadError("A pickled array must have a shape and bytes, but it has other things.")
        flat = np.frombuffer(content, dtype=np.uint8)
        try:
            return flat.reshape(shape, order="F" if is_fortran else "C")
        except (ValueError, TypeError) as error:
            raise ReadError(
                f"A pickled array of {flat.size} bytes cannot have the shape its file claims."
            ) from error


def _kept_array(*_: Any) -> _KeptArray:
    return _KeptArray()


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any) -> _KeptArray:
    """Stand in for the function with which protocol 5 writes arrays."""
    kept = _KeptArray()
    kept.state = (1, shape, kind, order == "F", bytes(content))
    return kept


def _encoded(text: Any, encoding: Any) -> bytes:
    """Stand in for ``_codecs.encode``, with which Python 3 writes bytes in old protocols."""
    if not (isinstance(text, str) and encoding in ("latin1", b"latin1")):
        raise pickle.UnpicklingError("no byte string")
    return text.encode("latin-1")


class _StandIn:
    """What a pickle gets for a name: it can be called, and nothing else."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function has no state")


_STAND_INS: dict[tuple[str, str], _StandIn] = {
    ("numpy", "dtype"): _StandIn(_KeptType),
    ("numpy", "ndarray"): _StandIn(_kept_array),
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(_kept_array),
    ("numpy._core.multiarray", "_reconstruct"): _StandIn(_kept_array),
    ("numpy.core.numeric", "_frombuffer"): _StandIn(_from_buffer),
    ("numpy._core.numeric", "_frombuffer"): _StandIn(_from_buffer),
    ("_codecs", "encode"): _StandIn(_encoded),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise ReadError(
                f"A pickle of data may hold plain values and arrays only, but this one asks for "
                f"{shown(f'{module}.{name}'[:80])!r}.",
                hint="do not load it: a pickle can run any program. Fetch the binary version.",
            ) from None


def load_plain_pickle(content: bytes) -> Any:
    """Return what the pickle holds: plain values, and arrays of unsigned bytes.

    Parameters
    ----------
    content : bytes
        The whole pickle, of Python 2 or 3; strings of Python 2 come back as bytes.

    Raises
    ------
    ReadError
        If it is damaged, or holds or asks for anything else.

    Examples
    --------
    >>> load_plain_pickle(pickle.dumps({"labels": [3, 1]}))
    {'labels': [3, 1]}
    >>> load_plain_pickle(pickle.dumps(print))
    Traceback (most recent call last):
    ...
    topograph.errors.ReadError: A pickle of data may hold plain values and arrays only, but this \
one asks for 'builtins.print'. Hint: do not load it: a pickle can run any program. Fetch the \
binary version.
    """
    try:
        _check_instructions(content)
        found = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except (*_DAMAGE, MemoryError) as error:
        raise ReadError(
            "The file must be a whole pickle, but it is damaged or no pickle."
        ) from error
    return _with_arrays(found)


def _check_instructions(content: bytes) -> None:
    """Refuse instructions that data has no use for, or that would take memory or stack."""
    n_tuples = 0
    for count, (instruction, argument, _) in enumerate(pickletools.genops(content)):
        if instruction.name not in _PLAIN:
            raise ReadError(
                f"A pickle of data may hold plain values and arrays only, but this one has the "
                f"instruction {instruction.name}.",
                hint="do not load it: a pickle can run any program. Fetch the binary version.",
            )
        if instruction.name in _MEMO and isinstance(argument, int) and argument > count:
            raise ReadError("The file must be a whole pickle, but its memo is out of order.")
        n_tuples += "TUPLE" in instruction.name
        if n_tuples > _MOST_TUPLES:
            raise ReadError(
                f"A pickle of data may hold {_MOST_TUPLES} tuples, but this one has more."
            )


def _with_arrays(found: Any) -> Any:
    """Replace the kept arrays of a mapping by real ones."""
    if isinstance(found, dict):
        return {
            key: value.array() if isinstance(value, _KeptArray) else value
            for key, value in found.items()
        }
    return found.array() if isinstance(found, _KeptArray) else found
