"""What a study trains: its file, its topologies, its runs, and what was laid down beforehand."""

from topograph.study.design.specification import (
    DoseSource,
    Regime,
    Specification,
    TopologySource,
    Variant,
)
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.study.design.study_files import read_study

__all__ = [
    "DoseSource",
    "Regime",
    "Specification",
    "StatisticalPlan",
    "TopologySource",
    "Variant",
    "read_study",
]
