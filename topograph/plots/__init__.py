"""Figures of graphs: what they show as plain records, and what draws these."""

from topograph.plots.analysis_figures import figure_data
from topograph.plots.comparison_figures import comparison_figures
from topograph.plots.net_drawing import draw_net, is_drawn_by_units
from topograph.plots.records import Figure, Panel
from topograph.plots.static_figures import draw_figure, save_drawing, write_figures
from topograph.plots.vega_specs import vega_spec

__all__ = [
    "Figure",
    "Panel",
    "comparison_figures",
    "draw_figure",
    "draw_net",
    "figure_data",
    "is_drawn_by_units",
    "save_drawing",
    "vega_spec",
    "write_figures",
]
