"""What came of training a net: curves, and the ways in which it failed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

RISE = 0.5  # nats above the lowest mean loss before: a spike
WINDOW = 50  # steps whose mean loss is one point
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.97, 0.98)  # accuracies whose epoch a row of results names


@dataclass(frozen=True)
class Outcome:
    """One net's training, epoch by epoch, and its end.

    Curves have an entry an epoch, and one for what is left of the steps at the end. They are
    taken on the validation images where some were held out, otherwise on the test images;
    ``test_accuracy`` and ``test_loss`` are always on the test images, after the last step. A
    net that diverged has curves up to the epoch before.

    Parameters
    ----------
    accuracy, loss : tuple of float
        Share of images that get their class; mean cross entropy.
    train_loss : tuple of float
        Mean over the batches of the epoch, each taken before its step.
    silent_units : tuple of int
        Hidden units that are above 0 for none of the images.
    gradient_norms : tuple of tuple of float
        Of the epoch's last step, one a layer.
    effective_edges : tuple of int
        Edges on input-output paths whose weights are above the threshold, if one was given.
    test_accuracy, test_loss : float or None
        None if the net diverged.
    classes_never_predicted : tuple of int or None
        Classes that no test image gets; None if the net diverged.
    diverged_step : int or None
        The step, counted from 0, whose loss was not finite; None if all were.
    spikes : int
        Windows of 50 steps whose mean loss lies more than half a nat above the lowest mean
        before.
    largest_rise : float
        The largest such difference, in nats; 0 if the mean loss never rose.
    n_classes : int
    n_steps : int
        Steps done.
    seconds : float
        Wall time of the whole ensemble, over all its sessions.
    peak_memory_bytes : int
        Of the whole process so far on a CPU, allocated by the ensemble on a CUDA device.
    """

    accuracy: tuple[float, ...]
    loss: tuple[float, ...]
    train_loss: tuple[float, ...]
    silent_units: tuple[int, ...]
    gradient_norms: tuple[tuple[float, ...], ...]
    effective_edges: tuple[int, ...]
    test_accuracy: float | None
    test_loss: float | None
    classes_never_predicted: tuple[int, ...] | None
    diverged_step: int | None
    spikes: int
    largest_rise: float
    n_classes: int
    n_steps: int
    seconds: float = field(default=0.0, compare=False)
    peak_memory_bytes: int = field(default=0, compare=False)

    @property
    def final_accuracy(self) -> float | None:
        """The last entry of the curve; None if the net diverged before the first."""
        return self.accuracy[-1] if self.accuracy else None

    @property
    def best_accuracy(self) -> float | None:
        """The largest entry of the curve: too hopeful where the curve is of test images."""
        return max(self.accuracy, default=None)

    @property
    def is_diverged(self) -> bool:
        """Whether a loss was not finite."""
        return self.diverged_step is not None

    @property
    def is_untrained(self) -> bool:
        """Whether the accuracy is below twice chance in the end, or the net diverged.

        Of two classes twice chance is all: there, half way from chance to all is the bound.
        """
        chance = 1 / self.n_classes
        bound = min(2 * chance, (1 + chance) / 2)
        return self.test_accuracy is None or self.test_accuracy < bound

    def epochs_to(self, threshold: float) -> int | None:
        """Return the first epoch, from 1, with an accuracy of ``threshold``; None if none has."""
        for epoch, accuracy in enumerate(self.accuracy, start=1):
            if accuracy >= threshold:
                return epoch
        return None

    def row(self) -> dict[str, Any]:
        """Return everything, derived values included; fit for JSON."""
        return dataclasses.asdict(self) | {
            "final_accuracy": self.final_accuracy,
            "best_accuracy": self.best_accuracy,
            "diverged": self.is_diverged,
            "untrained": self.is_untrained,
            "epochs_to": {f"{value:g}": self.epochs_to(value) for value in THRESHOLDS},
        }


def rises(losses: Sequence[float], window: int = WINDOW) -> tuple[int, float]:
    """Return the number of spikes of a loss curve, and its largest rise.

    Parameters
    ----------
    losses : sequence of float
        One a step. What is left of the last window is a window too, if it is at least half.
    window : int, default 50

    Examples
    --------
    >>> rises([2.0, 1.0, 1.8, 0.9, 1.2], window=1)
    (1, 0.8)
    """
    starts = range(0, len(losses), window)
    windows = [losses[start : start + window] for start in starts]
    means = [sum(part) / len(part) for part in windows if 2 * len(part) >= window]
    lowest, spikes, largest = math.inf, 0, 0.0
    for mean in means:
        rise = mean - lowest
        spikes += rise > RISE
        largest = max(largest, rise) if lowest < math.inf else largest
        lowest = min(lowest, mean)
    return spikes, largest
