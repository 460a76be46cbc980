"""Which singular values does theory expect of a random layer?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def tree_law(x: npt.ArrayLike, fan_out: float, fan_in: float) -> Floats:
    r"""Density of the singular values of a large random biregular layer, ``s1`` left out.

    The layer looks like a tree around every unit. The density is that of the tree, 0 outside
    ``[|sqrt(fan_out - 1) - sqrt(fan_in - 1)|, sqrt(fan_out - 1) + sqrt(fan_in - 1)]``, whose
    upper end is the Ramanujan bound: with ``a >= b`` the two degrees and ``t`` the root of
    ``(a - 1)(b - 1) t^2 + (a + b - 2 - x^2) t + 1 = 0`` it is
    ``-2/pi Im 1 / (x - a (1 + (b - 1) t) / x)``.

    Parameters
    ----------
    x : array_like of float, positive
        Singular values.
    fan_out, fan_in : float
        Degrees above 1; mean degrees where they differ.

    Returns
    -------
    ndarray of float64
        Of integral 1, for the singular values of the narrower side.

    References
    ----------
    Godsil & Mohar, "Walk generating functions and spectral measures of infinite graphs", 1988;
    Brito, Dumitriu & Harris, "Spectral gap in random bipartite biregular graphs and
    applications", 2022.

    Examples
    --------
    >>> s = np.linspace(0.0005, 3.9995, 4000)
    >>> round(float(tree_law(s, 5, 5).sum() * 0.001), 3)
    1.0
    """
    points = np.asarray(x, dtype=np.float64)
    narrow, wide = max(fan_out, fan_in), min(fan_out, fan_in)
    product = (narrow - 1.0) * (wide - 1.0)
    middle = narrow + wide - 2.0 - points**2
    inside = middle**2 < 4.0 * product
    found = np.zeros_like(points)
    s, half = points[inside], middle[inside]
    t = (-half + 1j * np.sqrt(4.0 * product - half**2)) / (2.0 * product)
    root = 1.0 / (s - narrow * (1.0 + (wide - 1.0) * t) / s)
    found[inside] = 2.0 / math.pi * np.abs(root.imag)
    return found


def independent_law(x: npt.ArrayLike, n_in: int, n_out: int, density: float) -> Floats:
    """Density of the singular values of independent entries, ``s1`` left out (Marchenko-Pastur).

    With the variance ``v = density (1 - density)`` of an entry, ``n >= m`` the two widths and
    ``s_ = sqrt(v) (sqrt(n) -+ sqrt(m))`` it is ``sqrt((s_+^2 - x^2)(x^2 - s_-^2)) / (pi v m x)``
    between ``s_-`` and ``s_+``. It holds where degrees are large.

    Parameters
    ----------
    x : array_like of float, positive
    n_in, n_out : int
    density : float
        Between 0 and 1.

    Examples
    --------
    >>> s = np.linspace(0.005, 19.995, 2000)
    >>> round(float(independent_law(s, 100, 50, 0.2).sum() * 0.01), 3)
    1.0
    """
    points = np.asarray(x, dtype=np.float64)
    long, short = max(n_in, n_out), min(n_in, n_out)
    variance = density * (1.0 - density)
    found = np.zeros_like(points)
    if variance <= 0.0:
        return found
    low = variance * (math.sqrt(long) - math.sqrt(short)) ** 2
    high = variance * (math.sqrt(long) + math.sqrt(short)) ** 2
    square = points**2
    inside = (square > low) & (square < high)
    s, held = points[inside], square[inside]
    found[inside] = np.sqrt((high - held) * (held - low)) / (math.pi * variance * short * s)
    return found
