"""How often does it fail, give or take?"""

from __future__ import annotations

import math

from scipy.stats import norm

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.columns import fraction


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927).

    ``(p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)``, p the share of
    successes and z the quantile ``(1 + level) / 2`` of the normal distribution. Lies in [0, 1] and
    has positive length for 0 and n successes too. The trials must be independent: count
    topologies, or nets of one topology each.

    Parameters
    ----------
    successes, n : int
    level : float

    Raises
    ------
    Undefined
        If ``n`` is 0.

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.2775)
    """
    fraction("level", level)
    if n == 0:
        raise Undefined("no trials")
    if not 0 <= successes <= n:
        raise ParameterError.expected("successes", f"from 0 to n = {n}", successes)
    z = float(norm.ppf((1 + level) / 2))
    share = successes / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (middle - half) / scale
    high = 1.0 if successes == n else (middle + half) / scale
    return low, high
