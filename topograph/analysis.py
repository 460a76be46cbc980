"""Measure a graph: verdicts, metrics, warnings, and what was left out and why."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from topograph.errors import MissingExtraError, Undefined
from topograph.graph import LayeredGraph
from topograph.metrics import METRICS, Metric, find_metrics
from topograph.report import (
    Bound,
    Estimate,
    Kind,
    LayerSummary,
    Measurement,
    Report,
    Verdict,
)
from topograph.verification import PROPERTIES, verify
from topograph.warnings_of_graphs import warnings_of

if TYPE_CHECKING:
    from topograph.weighted import WeightedGraph

Progress: TypeAlias = Callable[[str, int, int], None]


def analyze(
    graph: LayeredGraph,
    *,
    source: str = "",
    metrics: Sequence[str] | None = None,
    include_all: bool = False,
    exact: bool = False,
    seed: int = 0,
    weighted: WeightedGraph | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure a graph and return the report.

    Parameters
    ----------
    graph : LayeredGraph
    source : str, optional
        Where the graph came from, for the header.
    metrics : sequence of str, optional
        Names from the registry, computed whatever they cost; by default all that are
        affordable on this graph.
    include_all : bool, default False
        Compute every metric, whatever it costs.
    exact : bool, default False
        Compute exact path counts above their stated cost too.
    seed : int, default 0
        Of everything random: primes, samples, sign vectors.
    weighted : WeightedGraph, optional
        The graph with its weights: what they tell is measured too.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each step.

    Returns
    -------
    Report
        The same for the same graph and seed, but for the seconds.

    Raises
    ------
    ParameterError
        If a metric does not exist.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> report = analyze(broken_bridge())
    >>> report.measurement("effective_edges").value
    5
    >>> [warning.code for warning in report.warnings]
    ['dead-inputs', 'dead-hidden', 'unconnected-pairs']
    """
    began = time.perf_counter()
    forced = include_all or metrics is not None
    chosen = find_metrics(METRICS if metrics is None else metrics)
    steps = len(PROPERTIES) + len(chosen)
    tell = progress or (lambda _what, _done, _total: None)
    verdicts: list[Verdict] = []
    for done, name in enumerate(PROPERTIES):
        tell(f"verify {name}", done, steps)
        verdicts.extend(verify(graph, [name], seed))
    measurements: list[Measurement] = []
    skipped: dict[str, str] = {}
    for done, metric in enumerate(chosen, start=len(PROPERTIES)):
        tell(metric.name, done, steps)
        reason = metric.too_costly(graph) if metric.too_costly else None
        if reason and not forced and not (exact and metric.cost == "exact"):
            skipped[metric.name] = reason
            continue
        try:
            measurements.extend(measure(graph, metric, seed))
        except MissingExtraError as error:
            if metrics is not None:
                raise
            skipped[metric.name] = str(error)
    if weighted is not None:
        from topograph.weighted import measure_weights

        tell("weights", steps, steps)
        rows, left_out = measure_weights(weighted, include_all=include_all)
        measurements.extend(rows)
        skipped |= left_out
    tell("done", steps, steps)
    return Report(
        source=source,
        provenance=dict(graph.provenance),
        widths=graph.widths,
        layers=layer_summaries(graph),
        verdicts=tuple(verdicts),
        measurements=tuple(measurements),
        warnings=tuple(warnings_of(graph, verdicts, measurements, seed)),
        skipped=skipped,
        seconds=time.perf_counter() - began,
    )


def layer_summaries(graph: LayeredGraph) -> tuple[LayerSummary, ...]:
    """Return the layers as a report's header shows them.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> [layer.edges for layer in layer_summaries(butterfly())]
    [8, 8]
    """
    return tuple(
        LayerSummary(
            index,
            layer.name,
            layer.source,
            layer.target,
            layer.shape,
            layer.n_edges,
            layer.n_possible_edges,
            layer.is_structural,
        )
        for index, layer in enumerate(graph.layers, 1)
    )


def measure(graph: LayeredGraph, metric: Metric, seed: int = 0) -> Iterator[Measurement]:
    """Yield the rows of one metric: the network's first, then one a layer.

    Parameters
    ----------
    graph : LayeredGraph
    metric : Metric
        From `topograph.metrics.METRICS` or `topograph.metrics.find_metric`.
    seed : int, default 0
    """
    options: dict[str, Any] = {"seed": seed} if metric.takes_seed else {}
    if metric.scope in ("network", "both"):
        yield _one(metric, None, partial(metric.function, graph, **options))
    if metric.scope in ("layer", "both"):
        for layer in graph.layers:
            arguments = (graph, layer) if metric.scope == "both" else (layer,)
            yield _one(metric, layer.name, partial(metric.function, *arguments, **options))


def _one(metric: Metric, layer: str | None, compute: Callable[[], Any]) -> Measurement:
    try:
        value = compute()
    except Undefined as reason:
        return Measurement(metric.name, layer, None, metric.unit, undefined=reason.message)
    kind: Kind = "exact"
    error = None
    if isinstance(value, Estimate):
        kind, error, value = "estimate", value.standard_error, float(value)
    elif isinstance(value, Bound):
        kind, value = "bound", int(value)
    log10 = None
    if metric.unit == "paths" and value:
        log10 = math.log10(value)
    return Measurement(metric.name, layer, value, metric.unit, kind, log10, error)
