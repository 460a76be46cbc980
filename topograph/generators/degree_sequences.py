"""Which degrees can a layer have, and what is one layer that has them?"""

from __future__ import annotations

from typing import Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.errors import ParameterError
from topograph.radix.arguments import checked_integers


def checked_degrees(fan_in: Any, fan_out: Any) -> tuple[Values, Values]:
    """Return degrees that some layer has, as arrays.

    There is a layer with these degrees iff both add up to the same and, for every ``k``, the
    ``k`` largest fan-outs add up to at most ``sum_j min(fan_in_j, k)`` (Gale and Ryser).

    Parameters
    ----------
    fan_in : sequence of int, shape (n_out,)
    fan_out : sequence of int, shape (n_in,)

    Raises
    ------
    ParameterError
        Saying which units want more edges than the others can give.

    References
    ----------
    Gale, "A theorem on flows in networks", 1957; Ryser, "Combinatorial properties of
    matrices of zeros and ones", 1957.

    Examples
    --------
    >>> checked_degrees([2, 1, 1], [3, 1])
    (array([2, 1, 1]), array([3, 1]))
    >>> checked_degrees([2, 2, 0], [3, 1])
    Traceback (most recent call last):
    ...
    topograph.errors.ParameterError: The input with the largest fan-out has 3 edges, but the \
outputs, each at most once, can take only 2 of them. Hint: lower this fan-out by 1, or spread \
the fan-ins more evenly.
    """
    into, out = _as_array("fan_in", fan_in), _as_array("fan_out", fan_out)
    for name, fans, others in (("fan_in", into, out), ("fan_out", out, into)):
        place = int(fans.argmax())
        if fans[place] > others.size:
            raise ParameterError.expected(
                f"Entry {place + 1} of {name}",
                f"at most {others.size}, the units of the other level",
                int(fans[place]),
            )
    if into.sum() != out.sum():
        raise ParameterError(
            f"The fan-ins must add up to the same as the fan-outs, but they add up to "
            f"{into.sum()} and {out.sum()}.",
            hint=f"add {abs(int(into.sum() - out.sum()))} to the "
            f"{'fan-ins' if into.sum() < out.sum() else 'fan-outs'}.",
        )
    _check_gale_ryser(into, out)
    return into, out


def _as_array(name: str, fans: Any) -> Values:
    hint = "one number for each unit of the level."
    given = fans.tolist() if isinstance(fans, np.ndarray) else fans
    checked = checked_integers(name, given, 0, hint)
    if not checked:
        raise ParameterError.expected(name, "one number or more", given, hint)
    return np.array(checked, dtype=np.int64)


def _check_gale_ryser(fan_in: Values, fan_out: Values) -> None:
    at_least = np.bincount(fan_in, minlength=fan_out.size + 1)[::-1].cumsum()[::-1]
    wanted = np.sort(fan_out)[::-1].cumsum()
    possible = at_least[1:].cumsum()
    worst = int((possible - wanted).argmin())
    excess = int(wanted[worst] - possible[worst])
    if excess > 0:
        one = worst == 0
        units = (
            "input with the largest fan-out has"
            if one
            else (f"{worst + 1} inputs with the largest fan-outs have")
        )
        raise ParameterError(
            f"The {units} {wanted[worst]} edges, but the outputs, each at most "
            f"{'once' if one else f'{worst + 1} times'}, can take only {possible[worst]} of them.",
            hint=f"lower {'this fan-out' if one else 'these fan-outs'} by {excess}"
            f"{'' if one else ' in all'}, or spread the fan-ins more evenly.",
        )


def some_layer(fan_in: Values, fan_out: Values) -> Values:
    """Cells of one layer with these degrees: every input takes the outputs most in need.

    Parameters
    ----------
    fan_in, fan_out : ndarray of int64
        Degrees that a layer can have.

    Returns
    -------
    ndarray of int64, shape (n_edges,)

    References
    ----------
    Kleitman & Wang, "Algorithms for constructing graphs and digraphs with given valences and
    factors", 1973.

    Examples
    --------
    >>> cells = some_layer(np.array([2, 1, 1]), np.array([3, 1]))
    >>> (cells // 3).tolist(), (cells % 3).tolist()
    ([0, 0, 0, 1], [1, 2, 0, 0])
    """
    n_out = fan_in.size
    outputs = np.argsort(fan_in, kind="stable")
    need = fan_in[outputs]  # stays ascending: of equal needs the first are served
    chosen = np.empty(int(fan_out.sum()), dtype=np.int64)
    begin = 0
    for fans in fan_out.tolist():
        if not fans:
            continue
        least = need[n_out - fans]
        low, high = np.searchsorted(need, least), np.searchsorted(need, least, side="right")
        part = fans - (n_out - high)
        chosen[begin : begin + part] = outputs[low : low + part]
        chosen[begin + part : begin + fans] = outputs[high:]
        need[low : low + part] -= 1
        need[high:] -= 1
        begin += fans
    return np.repeat(np.arange(fan_out.size, dtype=np.int64), fan_out) * n_out + chosen
