"""Curves for TensorBoard, beside the results that are the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from topograph.errors import MissingExtraError
from topograph.training.bundle.units import Chunk
from topograph.training.looking import Look


def curve_writer(folder: Path, chunk: Chunk) -> Callable[[int, list[Look]], None]:
    """Return what writes the curves of a chunk's nets, an event file each, after every epoch.

    Parameters
    ----------
    folder : Path
        A net's events are in ``NAME-seed-SEED-rate-FACTOR-KEY`` under it.
    chunk : Chunk

    Raises
    ------
    MissingExtraError
        If TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError.of("tensorboard", "tensorboard") from error
    writers = [
        SummaryWriter(
            folder / f"{unit.mask.name.replace('/', '_')}-seed-{unit.seed}"
            f"-rate-{unit.rate_factor:g}-{unit.key[:8]}"
        )
        for unit in chunk.units
    ]

    def write(epoch: int, looks: list[Look]) -> None:
        for writer, seen in zip(writers, looks, strict=True):
            values = {
                "accuracy": seen.accuracy,
                "loss": seen.loss,
                "silent units": seen.silent_units,
                "classes never predicted": len(seen.classes_never_predicted),
            }
            for name, value in values.items():
                writer.add_scalar(name, value, epoch)
            writer.flush()

    return write
