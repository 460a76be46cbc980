"""The figures of a study's report, each from what was found to one matplotlib figure."""

from topograph.study.report.figures.causes_drawn import cause_shares
from topograph.study.report.figures.corners_drawn import combinations
from topograph.study.report.figures.densities import accuracy_against_density
from topograph.study.report.figures.dose_series import dose_and_response
from topograph.study.report.figures.drawing import save_figure
from topograph.study.report.figures.failing import failure_rates
from topograph.study.report.figures.forest import forest_plot
from topograph.study.report.figures.variances import variance_decomposition

__all__ = [
    "accuracy_against_density",
    "cause_shares",
    "combinations",
    "dose_and_response",
    "failure_rates",
    "forest_plot",
    "save_figure",
    "variance_decomposition",
]
