"""What a study found: frozen records, fit for JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from topograph.study.statistics.ceilings import NoiseCeiling
from topograph.study.statistics.components_of_variance import VarianceComponents
from topograph.study.statistics.failures import TwoPart
from topograph.study.statistics.family_prediction import OutOfFamily
from topograph.study.statistics.partial_correlation import PartialCorrelation
from topograph.study.statistics.permutations import PermutationTest
from topograph.study.statistics.resampling import Interval


@dataclass(frozen=True)
class CellFinding:
    """One stratum in one environment: is there anything to explain?

    Parameters
    ----------
    environment, stratum : str
    n_topologies, n_rows : int
    mean_outcome : float
    class_share : float or None
        Share of the variance between topologies.
    tested : bool
        Whether the cell takes part in the tests.
    components : VarianceComponents or None
    note : str or None
        Why the cell is left out, or why its share is unknown.
    """

    environment: str
    stratum: str
    n_topologies: int
    n_rows: int
    mean_outcome: float
    class_share: float | None
    tested: bool
    components: VarianceComponents | None
    note: str | None


@dataclass(frozen=True)
class EnvironmentTau:
    """Tau within strata in one environment.

    Parameters
    ----------
    environment : str
    tau : float or None
    undefined : str or None
    """

    environment: str
    tau: float | None
    undefined: str | None = None


@dataclass(frozen=True)
class PropertyFinding:
    """What the study says of one property.

    Parameters
    ----------
    name : str
    role : str
        ``primary`` or ``exploratory``.
    test : PermutationTest
        Tau within cells and its p-value.
    adjusted_p : float or None
        Holm among primaries, Benjamini-Hochberg among exploratory properties.
    interval : Interval or None
    share_of_ceiling : float or None
        ``|tau| / ceiling``; may pass 1 by chance.
    environments : tuple of EnvironmentTau
    worst_environment : EnvironmentTau or None
        With the smallest tau in the direction of the whole.
    within_families : PermutationTest or None
        The same test with only the nets of one family in a cell compared, and exchanged: what
        families share besides the property has no part in it. Primaries only.
    partial : PartialCorrelation or None
        Within environments, all densities together, given the controls. Primaries only.
    out_of_family : OutOfFamily or None
        Within cells. Primaries only.
    out_of_family_pooled : OutOfFamily or None
        Within environments, all densities together. Primaries only.
    two_part : TwoPart or None
        If the table has ``predicts_all``. Primaries only.
    n_rows_left_out : int
        Rows of tested cells in which the property is undefined.
    undefined : dict of str to str
        Parts without a value, with the reason.
    """

    name: str
    role: str
    test: PermutationTest
    adjusted_p: float | None
    interval: Interval | None
    share_of_ceiling: float | None
    environments: tuple[EnvironmentTau, ...]
    worst_environment: EnvironmentTau | None
    within_families: PermutationTest | None
    partial: PartialCorrelation | None
    out_of_family: OutOfFamily | None
    out_of_family_pooled: OutOfFamily | None
    two_part: TwoPart | None
    n_rows_left_out: int
    undefined: dict[str, str]


@dataclass(frozen=True)
class StudyFindings:
    """All that `analyse` found.

    Parameters
    ----------
    cells : tuple of CellFinding
    ceiling : NoiseCeiling or None
        Over the tested cells.
    ceiling_replicates : str
        ``labelling`` or ``seed``: what was split.
    primaries, exploratory : tuple of PropertyFinding
    collinear : tuple of tuple of str
        Groups of properties that are one; groups of one are not listed.
    settings : dict of str to int or float
    notes : tuple of str
        What was left out, and why.
    """

    cells: tuple[CellFinding, ...]
    ceiling: NoiseCeiling | None
    ceiling_replicates: str
    primaries: tuple[PropertyFinding, ...]
    exploratory: tuple[PropertyFinding, ...]
    collinear: tuple[tuple[str, ...], ...]
    settings: dict[str, int | float]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and values, without NaN: ready for ``json.dumps``."""
        return asdict(self)
