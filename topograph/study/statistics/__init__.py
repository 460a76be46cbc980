"""Statistics of a study: functions on columns, one row a trained net."""

from topograph.study.statistics.adjustments import benjamini_hochberg, holm
from topograph.study.statistics.alignment import Alignment, DataAlignment, data_alignment
from topograph.study.statistics.causes import (
    ApportionedCauses,
    Cause,
    CausesWithin,
    Corner,
    Estimate,
    apportioned_causes,
)
from topograph.study.statistics.ceilings import NoiseCeiling, noise_ceiling
from topograph.study.statistics.collinearity import CollinearGroups, collinear_groups
from topograph.study.statistics.components_of_variance import (
    VarianceComponents,
    variance_components,
)
from topograph.study.statistics.concordance import (
    StratumTau,
    WithinStrata,
    kendall_within_strata,
)
from topograph.study.statistics.contrasts import FamilyContrast, family_contrasts
from topograph.study.statistics.doses import DoseResponse, dose_response
from topograph.study.statistics.failures import SuccessTest, TwoPart, two_part, two_parts
from topograph.study.statistics.family_prediction import OutOfFamily, out_of_family
from topograph.study.statistics.findings import (
    CellFinding,
    EnvironmentTau,
    PropertyFinding,
    StudyFindings,
)
from topograph.study.statistics.learning_rates import RateBasin, learning_rate_basin
from topograph.study.statistics.mixed_models import (
    FixedEffect,
    MixedModel,
    logit_accuracy,
    mixed_model,
)
from topograph.study.statistics.partial_correlation import (
    PartialCorrelation,
    partial_rank_correlation,
)
from topograph.study.statistics.permutations import (
    PermutationTest,
    permutation_test,
    permutation_tests,
)
from topograph.study.statistics.planning import PowerEstimate, power_estimate
from topograph.study.statistics.proportions import wilson_interval
from topograph.study.statistics.resampling import Interval, cluster_bootstrap
from topograph.study.statistics.scoring_families import FamilyScore
from topograph.study.statistics.table import StudyTable
from topograph.study.statistics.tuning import ChosenRate, TunedRows, fixed_rows, tuned_rows
from topograph.study.statistics.whole_study import analyse

__all__ = [
    "Alignment",
    "ApportionedCauses",
    "Cause",
    "CausesWithin",
    "CellFinding",
    "ChosenRate",
    "CollinearGroups",
    "Corner",
    "DataAlignment",
    "DoseResponse",
    "EnvironmentTau",
    "Estimate",
    "FamilyContrast",
    "FamilyScore",
    "FixedEffect",
    "Interval",
    "MixedModel",
    "NoiseCeiling",
    "OutOfFamily",
    "PartialCorrelation",
    "PermutationTest",
    "PowerEstimate",
    "PropertyFinding",
    "RateBasin",
    "StratumTau",
    "StudyFindings",
    "StudyTable",
    "SuccessTest",
    "TunedRows",
    "TwoPart",
    "VarianceComponents",
    "WithinStrata",
    "analyse",
    "apportioned_causes",
    "benjamini_hochberg",
    "cluster_bootstrap",
    "collinear_groups",
    "data_alignment",
    "dose_response",
    "family_contrasts",
    "fixed_rows",
    "holm",
    "kendall_within_strata",
    "learning_rate_basin",
    "logit_accuracy",
    "mixed_model",
    "noise_ceiling",
    "out_of_family",
    "partial_rank_correlation",
    "permutation_test",
    "permutation_tests",
    "power_estimate",
    "tuned_rows",
    "two_part",
    "two_parts",
    "variance_components",
    "wilson_interval",
]
