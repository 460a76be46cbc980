"""A callback that watches the masks of a net while it is trained."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topograph.errors import ParameterError
from topograph.io import write_text
from topograph.monitoring.mask_changes import MaskChanges
from topograph.monitoring.path_sweeps import PathFindings, PathSweeps
from topograph.monitoring.records import LayerRecord, MonitorRecord
from topograph.monitoring.watched import Masks, WatchedWeights

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

SHARE = 0.01  # of the time of training that sweeps may take


class MaskNotRespectedWarning(UserWarning):
    """Weights that a mask prunes are not 0."""


class Monitor:
    """What `topograph.monitor` returns: call `step` after every step of the optimizer.

    Parameters
    ----------
    model, every, masks, input_shape
        As of `monitor`.

    Attributes
    ----------
    records : list of MonitorRecord
        The first is that of step 0.
    notes : tuple of str
        What the masks are taken from, and what cannot be measured.
    spent_seconds, setup_seconds : float
        Time taken by all records since, and by tracing and the first one.
    """

    def __init__(
        self,
        model: nn.Module,
        every: int = 100,
        masks: Masks | None = None,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ParameterError.expected("every", "a whole number of steps from 1", every)
        began = time.perf_counter()
        self.every = every
        self.records: list[MonitorRecord] = []
        self._watched = WatchedWeights(model, masks)
        self._changes = MaskChanges()
        self._sweeps = PathSweeps(model, self._watched.names, input_shape)
        self._step = 0
        self._swept_seconds = self._sweep_cost = 0.0
        self._alarmed: set[str] = set()
        self._hooks: list[Any] = []
        self.notes = tuple(self._noted())
        self._warn(self._record(), 4)
        self._sweep_cost = self._swept_seconds  # a guess until the next: the first is the slowest
        self._swept_seconds = self.spent_seconds = 0.0
        self._began = time.perf_counter()
        self.setup_seconds = self._began - began

    def step(self) -> MonitorRecord | None:
        """Count a step of the optimizer; return the record if it is one in ``every``.

        Call it once the masks are applied: weights outside of them raise an alarm.
        """
        self._step += 1
        if self._step % self.every:
            return None
        began = time.perf_counter()
        record = self._record()
        self.spent_seconds += time.perf_counter() - began
        self._warn(record, 3)
        return record

    def attach(self, optimizer: Optimizer) -> Monitor:
        """Call `step` after every step of an optimizer; return this monitor.

        For loops that apply masks after the optimizer's step, call `step` there instead. Of several
        optimizers take the one that steps last: every attached one counts its steps.
        """
        self._hooks.append(optimizer.register_step_post_hook(lambda *_: self._stepped()))
        return self

    def detach(self) -> None:
        """Leave the optimizers alone."""
        while self._hooks:
            self._hooks.pop().remove()

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write the records as JSON, one a line."""
        lines = (json.dumps(record.row(), allow_nan=False) + "\n" for record in self.records)
        write_text("".join(lines), path)

    def _stepped(self) -> None:
        self.step()

    def _record(self) -> MonitorRecord:
        found = self._watched.now()
        layers = self._changes.look(found)
        paths, skipped = self._paths({name: mask for name, (mask, _) in found.items()})
        record = MonitorRecord(
            step=self._step,
            **_together(layers, [mask.shape[0] for mask, _ in found.values()]),
            effective_density=paths.effective_density if paths else None,
            dead_units=paths.dead_units if paths else None,
            dead_outputs=paths.dead_outputs if paths else None,
            layers=layers,
            skipped=skipped,
        )
        self.records.append(record)
        return record

    def _paths(self, masks: dict[str, Any]) -> tuple[PathFindings | None, dict[str, str]]:
        """Sweep, unless sweeps would take more than their share of the time."""
        names = ("effective_density", "dead_units", "dead_outputs")
        if self._sweeps.reason:
            return None, dict.fromkeys(names, self._sweeps.reason)
        began = time.perf_counter()
        if self._step and self._sweeps.encoding == "channel":
            trained = began - self._began - self.spent_seconds
            if self._swept_seconds + self._sweep_cost > SHARE * trained:
                reason = f"a sweep takes about {self._sweep_cost:.1g} s, more than 1 % of the time"
                return None, dict.fromkeys(names, reason)
        found = self._sweeps.find(masks)
        self._sweep_cost = time.perf_counter() - began
        self._swept_seconds += self._sweep_cost
        return found, {}

    def _warn(self, record: MonitorRecord, stacklevel: int) -> None:
        """Warn once of a layer, and again when it was respected in between."""
        for layer in record.layers:
            if layer.outside and layer.name not in self._alarmed:
                warnings.warn(
                    f"Step {record.step}: {layer.outside} weights of {layer.name!r} that its mask "
                    f"prunes are not 0.",
                    MaskNotRespectedWarning,
                    stacklevel=stacklevel,
                )
        self._alarmed = set(record.alarms)

    def _noted(self) -> list[str]:
        notes = []
        own = [name for name, (_, weight) in self._watched.now().items() if weight is None]
        if own:
            notes.append(
                f"Without masks to compare with, weights that are not 0 count as kept, or the "
                f"layer masks itself: {', '.join(own)}."
            )
        if self._sweeps.idle:
            notes.append(f"No input passes these layers: {', '.join(self._sweeps.idle)}.")
        if self._sweeps.reason:
            notes.append(f"Only masks are measured: {self._sweeps.reason.removesuffix('.')}.")
        elif self._sweeps.encoding == "channel":
            notes.append(
                "Effective density and dead units are those of channels: an edge where any weight "
                "between two is kept."
            )
        return notes


def monitor(
    model: nn.Module,
    every: int = 100,
    *,
    masks: Masks | None = None,
    input_shape: Sequence[int] | None = None,
) -> Monitor:
    """Watch the masks of a net while it is trained: churn, effective density, broken masks.

    Parameters
    ----------
    model : nn.Module
        Its linear layers and convolutions are watched.
    every : int, default 100
        Steps between two records.
    masks : mapping of str to tensor, or callable, optional
        The masks in force, by name of parameter or layer. A mapping is looked at again for each
        record, so that it may be changed in place; a function is called. By default masks are the
        buffers ``weight_mask``, else the weights that are not 0.
    input_shape : sequence of int, optional
        Of one sample, without the batch. Effective density and dead units of nets with
        convolutions need it; they are those of channels.

    Returns
    -------
    Monitor
        Call ``monitor.step()`` after each step of the optimizer, or ``monitor.attach(optimizer)``
        once. Records are in ``monitor.records``; the first is of the net as it is now.

    Raises
    ------
    ParameterError
        If an argument does not fit the model.

    Warns
    -----
    MaskNotRespectedWarning
        At a record, if weights that a mask prunes are not 0, naming the layer.

    Notes
    -----
    Changes between two records are not seen. Statistics of masks take a few passes over them at
    each record, and in a chain of linear layers so do sweeps along its paths. In other nets sweeps
    are left out, and the record says so, whenever they would have taken more than 1 % of the time
    since the start.

    References
    ----------
    Liu et al., "Do we actually need dense over-parameterization? In-time over-parameterization in
    sparse training", ICML 2021, for the share of weights ever active.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    >>> watch = monitor(net, every=1)
    >>> _ = net[0].weight.data[0].zero_()
    >>> record = watch.step()
    >>> record.churn, record.dead_units, [layer.dropped for layer in record.layers]
    (0.375, 1, [3, 0])
    """
    return Monitor(model, every, masks, input_shape)


def read_records(path: str | os.PathLike[str]) -> list[MonitorRecord]:
    """Read what `Monitor.to_jsonl` wrote."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [MonitorRecord.from_row(json.loads(line)) for line in lines]


def _together(layers: Sequence[LayerRecord], n_units: Sequence[int]) -> dict[str, float]:
    """Return the values of all layers as one."""
    size = sum(layer.size for layer in layers)

    def share(name: str) -> float:
        return float(sum(getattr(layer, name) * layer.size for layer in layers) / size)

    drift = sum(layer.fan_in_drift * n for layer, n in zip(layers, n_units, strict=True))
    return {
        **{name: share(name) for name in ("density", "churn", "churn_from_start", "ever_active")},
        "fan_in_drift": drift / sum(n_units),
    }
