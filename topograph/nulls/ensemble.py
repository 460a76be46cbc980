"""Is a net special among random nets that share its degrees, its densities or its layers?"""

from __future__ import annotations

import importlib.util
import itertools
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from topograph.errors import GraphError, MissingExtraError, ParameterError
from topograph.graph import LayeredGraph
from topograph.metrics import METRICS, Metric, find_metric, find_metrics
from topograph.nulls.sampling import (
    NULL_KINDS,
    measured,
    measured_samples,
    null_net,
    one_thread,
)
from topograph.nulls.significance import significance
from topograph.radix.arguments import checked_integer
from topograph.report import Kind, Measurement
from topograph.report.nulls import NullEnsemble, NullKind, NullValue

Progress: TypeAlias = Callable[[str, int, int], None]
PATIENCE_SECONDS = 600.0
_LEAST_EXACT: tuple[Kind, ...] = ("bound", "estimate", "exact")
_WORTH_STARTING = 3.0  # seconds of work from which worker processes are started by default


def null_ensemble(
    graph: LayeredGraph,
    kind: NullKind = "degree",
    samples: int = 100,
    seed: int = 0,
    *,
    metrics: Sequence[str] | None = None,
    include_all: bool = False,
    exact: bool = False,
    jobs: int | None = None,
    limit_seconds: float | None = PATIENCE_SECONDS,
    progress: Progress | None = None,
) -> NullEnsemble:
    """Measure a net beside random nets that share something with it.

    Parameters
    ----------
    graph : LayeredGraph
    kind : {"degree", "density", "relabel"}, default "degree"
        What the null nets share, as in `null_net`.
    samples : int, default 100
        Null nets; the smallest p-value is ``2 / (samples + 1)``.
    seed : int, default 0
        Null net ``k`` depends on the mask, the seed and ``k`` alone. All nets, the one given too,
        are measured with this seed.
    metrics : sequence of str, optional
        Names from the registry, computed whatever they cost; by default all that are affordable
        on the graph and on its null nets.
    include_all, exact : bool, default False
        As in `topograph.analyze`.
    jobs : int, optional
        Null nets measured at the same time, in processes of this machine. By default as many as
        there are cores, if joblib is installed and it takes a few seconds. The answer is the
        same, bit by bit, whatever the number.
    limit_seconds : float or None, default 600
        The longest that it may take, as estimated from the first null net; None for no limit.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each null net.

    Returns
    -------
    NullEnsemble
        A row for each metric, and each layer where a metric has values of layers. Truth values
        count as 0 and 1. Where the net has no null net of this kind, no row has a p-value,
        and each says why.

    Raises
    ------
    ParameterError
        If an argument is wrong, or it would take longer than the limit.
    MissingExtraError
        If joblib is not installed and there are several jobs.

    Examples
    --------
    >>> from topograph.generators import radix_net
    >>> found = null_ensemble(radix_net([[4, 4]]), "degree", samples=19, metrics=["path_count_cv"])
    >>> row = found.value("path_count_cv")
    >>> row.value, 0.7 < row.mean < 0.95, row.z < -5, row.p
    (0.0, True, True, 0.1)
    """
    checked_integer("samples", samples, 1)
    checked_integer("seed", seed, 0)
    if kind not in NULL_KINDS:
        raise ParameterError.expected("The null model", f"one of {', '.join(NULL_KINDS)}", kind)
    if jobs is not None:
        checked_integer("jobs", jobs, 1)
    tell = progress or (lambda _what, _done, _total: None)
    tell("null nets", 0, samples)
    forced = include_all or metrics is not None
    named = find_metrics(METRICS if metrics is None else metrics)
    chosen, skipped = _affordable(graph, named, forced, exact)
    own = _own_rows(graph, chosen, seed, skipped if metrics is None else None)
    began = time.perf_counter()
    try:
        first_net = null_net(graph, kind, seed, 0)
    except (ParameterError, GraphError) as error:
        reason = f"there is no such null net: {error.message}"
        rows = tuple(_beside(row, [], reason) for row in own)
        return NullEnsemble(kind, samples, seed, rows, skipped)
    chosen = [metric for metric in chosen if metric.name not in skipped]
    chosen, unaffordable = _affordable(first_net, chosen, forced, exact)
    own = [row for row in own if row.metric not in unaffordable]
    drawn = [metric for metric in chosen if not _is_fixed(metric, kind)]
    with one_thread():
        first, seconds = measured(first_net, drawn, seed)
    took = time.perf_counter() - began
    jobs = _jobs(jobs, took * (samples - 1))
    _check_patience(took, samples, jobs, seconds, limit_seconds)
    what = f"null nets, {took:.2g} s each, {jobs} at a time"
    nulls: dict[tuple[str, str | None], list[Measurement]] = {}
    rest = measured_samples(graph, kind, seed, range(1, samples), drawn, jobs)
    for done, found in enumerate(itertools.chain([first], rest), start=1):
        for row in found:
            nulls.setdefault((row.metric, row.layer), []).append(row)
        tell(what, done, samples)
    values = tuple(_beside(row, nulls.get((row.metric, row.layer), [row] * samples)) for row in own)
    return NullEnsemble(kind, samples, seed, values, skipped | unaffordable)


def _affordable(
    graph: LayeredGraph, metrics: Sequence[Metric], forced: bool, exact: bool
) -> tuple[list[Metric], dict[str, str]]:
    chosen, skipped = [], {}
    for metric in metrics:
        reason = metric.too_costly(graph) if metric.too_costly else None
        if reason and not forced and not (exact and metric.cost == "exact"):
            skipped[metric.name] = reason
        else:
            chosen.append(metric)
    return chosen, skipped


def _own_rows(
    graph: LayeredGraph, metrics: Sequence[Metric], seed: int, skipped: dict[str, str] | None
) -> list[Measurement]:
    """Measure the net; note in ``skipped``, if there is one, what needs a missing package."""
    rows: list[Measurement] = []
    with one_thread():
        for metric in metrics:
            try:
                rows += measured(graph, [metric], seed)[0]
            except MissingExtraError as error:
                if skipped is None:
                    raise
                skipped[metric.name] = str(error)
    return rows


def _is_fixed(metric: Metric, kind: NullKind) -> bool:
    """Whether a metric has one value in all null nets because each layer is isomorphic to its own.

    Their spectra differ by rounding alone, which must not make a spread.
    """
    return kind == "relabel" and metric.scope == "layer" and metric.is_invariant


def _jobs(wanted: int | None, seconds: float) -> int:
    if wanted is not None:
        return wanted
    if seconds < _WORTH_STARTING or importlib.util.find_spec("joblib") is None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_patience(
    took: float, samples: int, jobs: int, seconds: dict[str, float], limit: float | None
) -> None:
    estimate = took * (samples - 1) / min(jobs, samples)
    if limit is None or estimate <= limit:
        return
    longest = sorted(seconds, key=lambda name: -seconds[name])[:3]
    named = ", ".join(f"{name} {seconds[name]:.3g} s" for name in longest)
    raise ParameterError(
        f"{samples} null nets must take at most {limit / 60:.3g} min, but at {took:.3g} s each and "
        f"{jobs} at a time they would take about {estimate / 60:.3g} min. The longest: {named}.",
        hint="draw fewer samples, have more jobs, or name the metrics: those named are computed "
        "whatever they cost by `topograph analyze`, and with limit_seconds=None.",
    )


def _beside(own: Measurement, nulls: Sequence[Measurement], reason: str | None = None) -> NullValue:
    defined = tuple(row.value for row in nulls if row.value is not None)
    kinds: set[Kind] = {row.kind for row in (own, *nulls) if row.value is not None}
    found = NullValue(
        own.metric,
        own.layer,
        own.unit,
        own.value,
        defined,
        len(nulls) - len(defined),
        undefined=reason,
        kind=next((name for name in _LEAST_EXACT if name in kinds), "exact"),
    )
    if reason is not None:
        return found
    if not defined:
        lacking = "; ".join(dict.fromkeys(row.undefined or "" for row in nulls[:1]))
        return replace(found, undefined=f"undefined in all null nets: {lacking}")
    is_spectral = find_metric(own.metric).cost == "spectral"
    compared = significance(
        defined[0] if own.value is None else own.value, defined, scale=1.0 if is_spectral else 0.0
    )
    found = replace(found, mean=compared.mean, standard_deviation=compared.standard_deviation)
    if own.value is None:
        return replace(found, undefined=f"undefined in the net: {own.undefined}")
    if compared.z is None:
        constant = (
            "there is one null value" if len(defined) == 1 else "all null values are the same"
        )
        found = replace(found, undefined=constant)
    return replace(found, z=compared.z, p=compared.p)
