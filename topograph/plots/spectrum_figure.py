"""Are the singular values of each layer those of a random one?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Identity
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics import sigma_1, sigma_2
from topograph.metrics.spectra import mean_degree_bound, spectra_too_costly
from topograph.plots.binning import MOST_GROUPS, blocks, even_edges, histogram_rows, span
from topograph.plots.expected_spectrum import independent_law, tree_law
from topograph.plots.layer_histograms import MOST_PANELS
from topograph.plots.records import Figure, Panel, Row
from topograph.radix import kronecker_singular_values, recognise_layer
from topograph.wording import counted

_MOST_STEPS = 4e9  # of a dense decomposition, some seconds
_CURVE_POINTS = 160
_ZERO = 1e-9  # relative to the largest
_CAPTION = (
    "The singular values of the 0/1 matrix of a layer. The largest is set by the degrees; all "
    "others of a good expander stay below the Ramanujan bound. The curves are what a random layer "
    "of the same size has: a regular one of the same mean degrees, and one of independent edges."
)
_LINE_CAPTION = (
    "The two largest singular values of the 0/1 matrix of each layer. The largest is set by the "
    "degrees; the second of a good expander stays below the Ramanujan bound."
)


def spectrum_figure(graph: LayeredGraph) -> Figure:
    """Return the singular values of each layer beside what theory expects.

    Of a few layers all singular values, of many the two largest.

    Raises
    ------
    Undefined
        If they would cost too much.
    """
    if too_costly := spectra_too_costly(graph):
        raise Undefined(too_costly)
    layers = graph.weighted_layers
    if not layers:
        raise Undefined("no layer has parameters")
    if len(layers) > MOST_PANELS:
        note = "All singular values are shown for nets of up to 6 layers: choose with --layers."
        return _lines(graph, [note, *_left_out(graph)])
    panels, notes, said = [], _left_out(graph), []
    for layer in layers:
        try:
            panel, seen = _panel(layer)
        except Undefined as reason:
            notes.append(f"{layer.name}: {reason.message}.")
            continue
        panels.append(panel)
        said.append(seen)
    if not panels:
        return _lines(graph, notes)
    notes.append("40 bins of one width a panel, from 0 to the largest singular value.")
    return Figure(
        "singular-values", "Singular values", _CAPTION, tuple(panels), " ".join(said), tuple(notes)
    )


def layer_singular_values(layer: Layer) -> npt.NDArray[np.float64]:
    """All singular values of the 0/1 biadjacency of a layer, in descending order.

    Units of degree 0 are taken out first. A closed form for RadiX layers, else a dense
    decomposition.

    Raises
    ------
    Undefined
        If the layer has no edges, or the decomposition would take too long.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> layer_singular_values(fano().layers[0]).round(3).tolist()
    [3.0, 1.414, 1.414, 1.414, 1.414, 1.414, 1.414]
    """
    if not layer.n_edges:
        raise Undefined("the layer has no edges")
    recognised = recognise_layer(layer)
    if recognised is not None:
        return kronecker_singular_values(recognised)
    if isinstance(layer.biadjacency, Identity):
        return np.ones(layer.n_edges)
    rows, columns = layer.fan_out() > 0, layer.fan_in() > 0
    height, width = int(rows.sum()), int(columns.sum())
    if min(height, width) ** 2 * max(height, width) > _MOST_STEPS:
        raise Undefined(
            f"a layer of {height:,} x {width:,} units is too large to find all singular values"
        )
    dense = layer.biadjacency.to_csr().toarray()[np.ix_(rows, columns)].astype(np.float64)
    return np.linalg.svd(dense, compute_uv=False)


def _panel(layer: Layer) -> tuple[Panel, str]:
    values = layer_singular_values(layer)
    top = float(values[0])
    values = np.where(values < _ZERO * top, 0.0, values)
    edges = even_edges(0.0, top)
    height, width = (int((fans > 0).sum()) for fans in (layer.fan_out(), layer.fan_in()))
    out, into = layer.n_edges / height, layer.n_edges / width
    bin_width, bulk = float(edges[1] - edges[0]), values.size - 1
    rules: list[Row] = [{"x": top, "name": "largest"}]
    try:
        bound = mean_degree_bound(layer)
        rules.append({"x": bound, "name": "Ramanujan bound"})
        above = int((values[1:] > bound * (1 + _ZERO)).sum())
        seen = (
            f"{layer.name}: {above} of {bulk} singular values behind the largest exceed the bound."
        )
    except Undefined as reason:
        seen = f"{layer.name}: there is no Ramanujan bound, as {reason.message}."
    x = np.linspace(0.0, top, _CURVE_POINTS + 1)[1:]
    laws = {}
    if min(out, into) > 1.0:
        laws["random regular"] = tree_law(x, out, into)
    if layer.n_edges < height * width:
        density = layer.n_edges / (height * width)
        laws["independent edges"] = independent_law(x, height, width, density)
    curve = [
        {"x": float(at), "y": float(y) * bulk * bin_width, "series": name}
        for name, law in laws.items()
        for at, y in zip(x, law, strict=True)
        if y > 0.0 and y * bulk * bin_width <= values.size
    ]
    rows = tuple(histogram_rows(values, edges))
    panel = Panel(
        "histogram", layer.name, "singular value", "how many", rows, tuple(curve), tuple(rules)
    )
    return panel, seen


def _left_out(graph: LayeredGraph) -> list[str]:
    count = len(graph.layers) - len(graph.weighted_layers)
    return [f"{counted(count, 'layer')} without parameters not shown."] if count else []


def _lines(graph: LayeredGraph, notes: list[str]) -> Figure:
    layers = [layer for layer in graph.weighted_layers if layer.n_edges]
    if not layers:
        raise Undefined("no layer has edges")
    rows: list[Row] = []
    groups = blocks(len(layers), 10 * MOST_GROUPS)
    if groups[0][1] > 1:
        notes.append(f"A point is the mean of {groups[0][1]} layers.")
    for first, end in groups:
        chosen = layers[first:end]
        name = chosen[0].name if len(chosen) == 1 else f"layers {span(first + 1, end)}"
        for series, found in (
            ("largest", [float(sigma_1(layer)) for layer in chosen]),
            ("second", [float(sigma_2(layer)) for layer in chosen]),
            ("Ramanujan bound", [bound for bound in map(_bound, chosen) if bound is not None]),
        ):
            if found:
                rows.append(
                    {"x": first + 1, "y": float(np.mean(found)), "series": series, "name": name}
                )
    panel = Panel("lines", "all layers", "layer", "singular value", tuple(rows))
    bounds = [(layer, _bound(layer)) for layer in layers]
    bounded = [(layer, bound) for layer, bound in bounds if bound is not None]
    above = sum(float(sigma_2(layer)) > bound * (1 + _ZERO) for layer, bound in bounded)
    if not bounded:
        summary = f"None of {counted(len(layers), 'layer')} has a Ramanujan bound."
    else:
        summary = (
            f"In {above} of the {counted(len(bounded), 'layer')} that have a Ramanujan bound, of "
            f"{len(layers)} in all, the second singular value exceeds it."
        )
    return Figure(
        "singular-values", "Singular values", _LINE_CAPTION, (panel,), summary, tuple(notes)
    )


def _bound(layer: Layer) -> float | None:
    try:
        return mean_degree_bound(layer)
    except Undefined:
        return None
