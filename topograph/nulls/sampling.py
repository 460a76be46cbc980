"""Which null nets are there, and what do metrics say of each?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from topograph.analysis import measure
from topograph.errors import MissingExtraError, ParameterError
from topograph.generators import (
    degree_preserving_twin,
    density_preserving_twin,
    layer_preserving_twin,
)
from topograph.graph import LayeredGraph
from topograph.metrics import Metric
from topograph.radix.arguments import checked_integer
from topograph.report import Measurement
from topograph.report.nulls import NullKind
from topograph.sharing import shared

Sample = tuple[list[Measurement], dict[str, float]]

_TWINS: Mapping[NullKind, Callable[[LayeredGraph, int], LayeredGraph]] = {
    "degree": degree_preserving_twin,
    "density": density_preserving_twin,
    "relabel": layer_preserving_twin,
}
NULL_KINDS: tuple[NullKind, ...] = tuple(_TWINS)


def null_net(graph: LayeredGraph, kind: NullKind, seed: int, sample: int) -> LayeredGraph:
    """Return one null net: a random net that shares something with a net.

    Parameters
    ----------
    graph : LayeredGraph
        The net; it stays as it is.
    kind : {"degree", "density", "relabel"}
        What is shared: every fan-in and fan-out of every layer; the number of edges of every
        layer; every layer, joined to the next at random.
    seed, sample : int
        Null net ``sample``, counted from 0, depends on these two and on the mask.

    Raises
    ------
    ParameterError
        If there is no such kind, or the net has no twin of this kind.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> null_net(fano(), "degree", seed=0, sample=3).layers[0].fan_in().tolist()
    [3, 3, 3, 3, 3, 3, 3]
    """
    if kind not in _TWINS:
        raise ParameterError.expected("The null model", f"one of {', '.join(NULL_KINDS)}", kind)
    own = [checked_integer("seed", seed, 0), checked_integer("sample", sample, 0)]
    return _drawn(graph, kind, [*own, _fingerprint(graph)])


def _drawn(graph: LayeredGraph, kind: NullKind, entropy: Sequence[int]) -> LayeredGraph:
    (twin_seed,) = np.random.SeedSequence(entropy).generate_state(1, np.uint64)
    return _TWINS[kind](graph, int(twin_seed))


@shared
def _fingerprint(graph: LayeredGraph) -> int:
    """Return a number of the mask's own: else nets of one shape would have the same null nets.

    One product a layer, with numbers whose sums no 64 bits overflow.
    """
    state = hashlib.sha256(str(graph.widths).encode())
    for layer in graph.layers:
        probe = np.random.default_rng(layer.shape[0]).integers(1 << 31, size=layer.shape[0])
        state.update(f"{layer.source} {layer.target}".encode())
        state.update(layer.biadjacency.forward(probe).astype("<i8").tobytes())
    return int(state.hexdigest(), 16)


def measured(graph: LayeredGraph, metrics: Sequence[Metric], seed: int) -> Sample:
    """Return the rows of metrics, and the seconds that each took."""
    rows: list[Measurement] = []
    seconds: dict[str, float] = {}
    for metric in metrics:
        began = time.perf_counter()
        rows.extend(measure(graph, metric, seed))
        seconds[metric.name] = time.perf_counter() - began
    return rows, seconds


def measured_samples(
    graph: LayeredGraph,
    kind: NullKind,
    seed: int,
    samples: Sequence[int],
    metrics: Sequence[Metric],
    jobs: int,
) -> Iterator[list[Measurement]]:
    """Yield the rows of null nets, in order, ``jobs`` of them measured at the same time.

    Raises
    ------
    MissingExtraError
        If joblib is not installed and there is more than one job.
    """
    own = _fingerprint(graph)
    calls = ((graph, kind, [seed, sample, own], metrics) for sample in samples)
    if jobs == 1 or len(samples) < 2:
        for call in calls:
            with one_thread():  # and not while the caller looks at the answer
                rows = _measured_sample(*call)
            yield rows
        return
    try:
        import joblib
    except ImportError as error:
        raise MissingExtraError.of("joblib", "study") from error
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator")
    yield from parallel(joblib.delayed(_measured_sample)(*call) for call in calls)


def one_thread() -> AbstractContextManager[Any]:
    """Hold linear algebra to one thread, as in worker processes: sums round as they do there."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    held: AbstractContextManager[Any] = threadpool_limits(1)
    return held


def _measured_sample(
    graph: LayeredGraph, kind: NullKind, entropy: Sequence[int], metrics: Sequence[Metric]
) -> list[Measurement]:
    seed, *_ = entropy
    return measured(_drawn(graph, kind, entropy), metrics, seed)[0]
