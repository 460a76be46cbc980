"""Which tests are laid down before a study runs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StatisticalPlan:
    """The tests, laid down before anything runs.

    Parameters
    ----------
    primaries, exploratory : tuple of str
        Properties, as metrics are named; ``NAME.mean``, ``.min``, ``.max`` over layers.
    composites : mapping of str to tuple of str
        Properties that are the mean rank of others within a stratum; a leading minus turns one
        round.
    n_permutations, n_resamples : int
    level : float, default 0.95
    least_class_share : float, default 0.2
    collinear_above : float, default 0.8
    baseline : str
        The family that others are compared with; none by default.
    seed : int, default 0
    """

    primaries: tuple[str, ...] = ()
    exploratory: tuple[str, ...] = ()
    composites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    n_permutations: int = 10_000
    n_resamples: int = 2000
    level: float = 0.95
    least_class_share: float = 0.2
    collinear_above: float = 0.8
    baseline: str = ""
    seed: int = 0
