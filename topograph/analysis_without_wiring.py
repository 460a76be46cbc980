"""Measure the layers of a checkpoint each on its own, where nothing says how they are wired."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from topograph.analysis import Progress, measure
from topograph.errors import ParameterError
from topograph.graph import Layer, LayeredGraph
from topograph.io import read_state_dict
from topograph.io.single_layers import single_layers
from topograph.metrics import Metric, find_metrics
from topograph.report import LayerSummary, Measurement, Report, Warn

LAYER_METRICS = (
    "edge_count",
    "parameter_count",
    "density",
    "fan_in_min",
    "fan_in_mean",
    "fan_in_max",
    "fan_in_cv",
    "fan_out_min",
    "fan_out_mean",
    "fan_out_max",
    "fan_out_cv",
    "component_count",
    "nm_max_per_group_4",
    "is_2_4",
    "share_2_4",
)
_OF_BOTH_ENDS = ("dead_inputs", "dead_outputs")  # of a layer alone: units without an edge
_ALONE = (
    "Each layer was measured on its own: without wiring there are no paths, so that nothing is "
    "said of connectedness, reach and path counts. A dead input or output of a layer is one "
    "without an edge. With --model, which names the net, there are paths."
)


def analyze_layers_alone(
    path: str | os.PathLike[str],
    *,
    threshold: float = 0.0,
    metrics: Sequence[str] | None = None,
    include_all: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Measure every weight of a checkpoint as a layer of its own, and return the report.

    One layer is held at a time, as bits, so that the checkpoint may be much larger than memory.

    Parameters
    ----------
    path : path
        As of `topograph.io.read_state_dict`.
    threshold : float, default 0.0
        Entries with ``|w| > threshold`` are edges.
    metrics : sequence of str, optional
        Names of metrics of layers; by default those that take one sweep or a few, and none of the
        spectrum.
    include_all : bool, default False
        Compute every metric of layers.
    seed : int, default 0
        Of everything random.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each layer.

    Returns
    -------
    Report
        Without widths and verdicts; the rows of the network are sums over the layers.

    Raises
    ------
    ParameterError
        If a metric does not exist, or is of the whole network.
    ReadError
        If the file is missing, damaged or unsafe.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from topograph.io.safetensors_files import write_safetensors
    >>> from topograph.io.stored_tensors import held
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.safetensors")
    ...     with open(path, "wb") as file:
    ...         write_safetensors([held("fc.weight", np.array([[1.0, 0.0, 0.5, 0.0]]))], file)
    ...     report = analyze_layers_alone(path)
    >>> report.measurement("density", "fc").value, report.measurement("dead_inputs", "fc").value
    (0.5, 2)
    """
    began = time.perf_counter()
    chosen = _chosen(metrics, include_all)
    state = read_state_dict(path)
    tell = progress or (lambda _what, _done, _total: None)
    summaries: list[LayerSummary] = []
    rows: list[Measurement] = []
    warnings = [Warn("assumed", note) for note in (*state.notes, _ALONE)]
    warnings += [Warn("skipped-array", what, strict=True) for what in state.skipped]
    names, total = iter(state.parameters), len(state.parameters)
    tell(next(names), 0, total)
    for index, layer in enumerate(single_layers(state, threshold), 1):
        rows.extend(_measured(layer, chosen, seed))
        summaries.append(_summary(index, layer))
        if not layer.n_edges:
            warnings.append(
                Warn("collapsed-layer", f"Layer {layer.name!r} has no edges.", strict=True)
            )
        tell(next(names, "done"), index, total)
    return Report(
        source=os.fspath(path),
        provenance={"format": "state-dict", "layers": "alone"},
        widths=(),
        layers=tuple(summaries),
        verdicts=(),
        measurements=(*_sums(summaries, chosen), *rows),
        warnings=tuple(warnings),
        skipped={},
        seconds=time.perf_counter() - began,
    )


def _chosen(names: Sequence[str] | None, include_all: bool) -> list[Metric]:
    if include_all:
        from topograph.metrics import METRICS

        return [one for one in METRICS.values() if _fits(one)]
    chosen = find_metrics(names or (*LAYER_METRICS, *_OF_BOTH_ENDS))
    for one in chosen:
        if not _fits(one):
            raise ParameterError(
                f"The metric {one.name!r} is of a whole network, but layers alone are none.",
                hint="name the model: --model resnet20, or --model package.module:factory.",
            )
    return chosen


def _fits(metric: Metric) -> bool:
    return metric.scope != "network" or metric.name in _OF_BOTH_ENDS


def _measured(layer: Layer, chosen: Sequence[Metric], seed: int) -> Iterator[Measurement]:
    """Measure a net of one layer, and say that of the layer."""
    graph = LayeredGraph(layer.shape, [layer])
    for metric in chosen:
        for row in measure(graph, metric, seed):
            if row.layer is None and metric.scope == "network":
                yield Measurement(row.metric, layer.name, row.value, row.unit)
            elif row.layer is not None:
                yield row


def _sums(summaries: Sequence[LayerSummary], chosen: Sequence[Metric]) -> Iterator[Measurement]:
    edges = sum(layer.edges for layer in summaries)
    possible = sum(layer.possible_edges for layer in summaries)
    values = {"edge_count": edges, "parameter_count": edges, "density": edges / possible}
    for metric in chosen:
        if metric.name in values:
            yield Measurement(metric.name, None, values[metric.name], metric.unit)


def _summary(index: int, layer: Layer) -> LayerSummary:
    return LayerSummary(index, layer.name, 0, 1, layer.shape, layer.n_edges, layer.n_possible_edges)
