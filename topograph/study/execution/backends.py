"""Where the chunks of a study run: in this process, in others, or on other machines."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeAlias

from topograph.errors import MissingExtraError, ParameterError

BackendName: TypeAlias = Literal["loky", "dask"]
BACKENDS = ("loky", "dask")
_SETTINGS: dict[str, dict[str, Any]] = {
    "loky": {"inner_max_num_threads": 1},
    "dask": {"wait_for_workers_timeout": 300},  # a queue may keep them waiting
}


def results_of(
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    *,
    jobs: int = 1,
    backend: str = "loky",
    scheduler: str | None = None,
) -> Iterator[Any]:
    """Call a function many times at the same time, and give results as they come.

    Parameters
    ----------
    function : callable
        Of a module, so that it can be sent.
    calls : iterable of tuple
        The arguments; taken one by one, not long before their turn.
    jobs : int, default 1
        Calls at the same time; with 1 and no scheduler they are made here, in order.
    backend : {"loky", "dask"}, default "loky"
        Processes of this machine, or the workers of a dask scheduler.
    scheduler : str, optional
        The address of dask's scheduler, such as ``tcp://host:8786``; without it dask starts
        workers here.

    Raises
    ------
    ParameterError
        If there is no such backend.
    MissingExtraError
        If joblib or dask is not installed.
    """
    if backend not in BACKENDS:
        raise ParameterError.expected("backend", f"one of {', '.join(BACKENDS)}", backend)
    if scheduler is not None and backend != "dask":
        raise ParameterError("A scheduler must come with the backend dask, but it comes without.")
    waiting = iter(calls)
    first = next(waiting, None)
    if first is None:  # nobody need be started for nothing
        return
    waiting = itertools.chain([first], waiting)
    if jobs == 1 and backend == "loky":
        yield from (function(*call) for call in waiting)
        return
    try:
        import joblib
    except ImportError as error:
        raise MissingExtraError.of("joblib", "study") from error
    with _dask(jobs, scheduler) if backend == "dask" else nullcontext():
        # Not longer ahead than one call a worker: what is under way when a machine stops is lost.
        with joblib.parallel_config(backend, **_SETTINGS[backend]):  # Parallel knows no dask itself
            parallel = joblib.Parallel(
                n_jobs=jobs if backend == "loky" else -1,
                return_as="generator_unordered",
                pre_dispatch="2*n_jobs",
                batch_size=1,
            )
        with warnings.catch_warnings():
            # loky starts a worker afresh whose memory grew, as it does with a second data set.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
            yield from parallel(joblib.delayed(function)(*call) for call in waiting)


def _dask(jobs: int, scheduler: str | None) -> AbstractContextManager[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingExtraError.of("distributed", "dask") from error
    if scheduler is not None:
        return Client(scheduler)  # type: ignore[no-untyped-call]
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=jobs, threads_per_worker=1, dashboard_address=None
    )
    return Client(cluster)  # type: ignore[no-untyped-call]
