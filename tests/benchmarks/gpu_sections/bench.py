"""Where and how long to measure, and what a call takes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tests.benchmarks.training_by_hand import Advance
from topograph.training import Dataset

Row = dict[str, Any]
Step = Callable[[], object]


@dataclass(frozen=True)
class Bench:
    """Where and how long to measure."""

    device: torch.device
    is_quick: bool
    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def batch(self) -> int:
        """Images of a step."""
        return 16 if self.is_quick else 128

    @property
    def side(self) -> int:
        """Pixels along an image."""
        return 8 if self.is_quick else 28

    @property
    def widths(self) -> tuple[int, ...]:
        """LeNet-300-100, or something like it."""
        return (64, 30, 20, 10) if self.is_quick else (784, 300, 100, 10)

    def has_time(self, share: float = 1.0) -> bool:
        """Whether a share of the section's time is not over yet."""
        return time.monotonic() - self.began < share * self.seconds

    def wait(self) -> None:
        """Wait until the device is at rest."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, step: Step, calls: int = 1) -> float:
        """Return the seconds of a call."""
        self.wait()
        began = time.perf_counter()
        for _ in range(calls):
            step()
        self.wait()
        return (time.perf_counter() - began) / calls

    def best(self, step: Step) -> float:
        """Return the seconds of a call, the best of several runs of many, warmed up."""
        self.timed(step)  # compiles, chooses algorithms, allocates
        once = self.timed(step)
        calls = max(1, min(1000, int((0.002 if self.is_quick else 0.2) / max(once, 1e-6))))
        return min(self.timed(step, calls) for _ in range(1 if once > 2 else 3))

    def best_step(self, advance: Advance, data: Dataset) -> float:
        """Return the seconds of a training step; ``advance`` takes one a row of numbers."""
        order = self.order(data, 100)
        self.timed(lambda: advance(order[:2]))
        once = self.timed(lambda: advance(order[:2])) / 2
        rows = order[: max(1, min(100, int((0.002 if self.is_quick else 0.2) / max(once, 1e-6))))]
        repeats = 1 if once > 2 else 3
        return min(self.timed(lambda: advance(rows)) for _ in range(repeats)) / len(rows)

    def order(self, data: Dataset, n_steps: int) -> Tensor:
        """Return numbers of training images, on the CPU."""
        generator = torch.Generator().manual_seed(1)
        shape = (n_steps, self.batch)
        return torch.randint(len(data.train_labels), shape, generator=generator)

    def forget_peak(self) -> None:
        """Free what is free, and watch the memory from here."""
        if self.device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> int | None:
        """Return the bytes of the fullest moment since then; None on a CPU."""
        if self.device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated(self.device)

    def tried(self, measure: Callable[[], Any]) -> tuple[Any, str]:
        """Return what is measured and "", or None and why it could not be."""
        self.forget_peak()
        try:
            return measure(), ""
        except torch.OutOfMemoryError:
            return None, "out of memory"
        except Exception as error:  # compilers of kernels have errors of their own
            return None, f"{type(error).__name__}: {error}".split("\n")[0][:160]

    def randn(self, *shape: int, seed: int = 0) -> Tensor:
        """Return normal numbers that are the same on every device."""
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
