"""Processes that train chunks, and end with the one that started them."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from topograph.training.heap import keep_freed_memory


@contextmanager
def worker_processes(count: int) -> Iterator[concurrent.futures.ProcessPoolExecutor]:
    """Give a pool of processes; if the block is left by an error, they are ended at once.

    Each computes on one thread, leaves Ctrl-C to this process, and ends when this process is
    gone, however it went.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(
        count, mp_context=context, initializer=_serve, initargs=(os.getpid(),)
    )
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise


def _serve(parent: int) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
