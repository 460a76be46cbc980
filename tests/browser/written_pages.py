"""Pages as they are written, some with a layer whose name is markup."""

from __future__ import annotations

import numpy as np

from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.export import comparison_to_html, to_html
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.plots import comparison_figures, figure_data

EVIL = "<script>alert(1)</script>"


def pruned():
    rng = np.random.default_rng(0)
    masks = [rng.random(shape) < 0.06 for shape in ((90, 60), (60, 30), (30, 10))]
    return chain([Sparse.from_matrix(mask) for mask in masks], names=["fc1", EVIL, "fc3"])


def write_pages(folder):
    """Write a report of a net, of a deep one and a comparison; return where each is."""
    graphs = {"A": radix_net([[3, 10]], [3, 2, 1]), "B": pruned(), "C": pruned()}
    reports = [analyze(graph, source=f"{name}.npz") for name, graph in graphs.items()]
    deep = graphchallenge_net(1024, 30)
    comparison = compare(reports)
    written = {
        "report": to_html(reports[1], figure_data(graphs["B"])),
        "comparison": comparison_to_html(comparison, comparison_figures(comparison, graphs)),
        "deep": to_html(analyze(deep, source="deep.npz"), figure_data(deep)),
    }
    for name, text in written.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}
