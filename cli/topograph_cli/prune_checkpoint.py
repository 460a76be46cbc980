"""`topograph prune CHECKPOINT`: a net that was trained elsewhere, pruned as it lies in its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from topograph_cli.given import given_options
from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.targets import check_folder, noting_replacement

if TYPE_CHECKING:
    from collections.abc import Sequence

OF_TRAINING = (
    *("model", "data_set", "data_dir", "rounds", "keep_output_dense", "recipe", "epochs"),
    *("steps", "retrain", "device"),
)
_TITLES = ("file", "asked", "reached", "weights kept")


def check_options(has_checkpoint: bool) -> None:
    """Refuse what is for nets that are trained here beside a checkpoint, and the reverse."""
    for name in given_options(OF_TRAINING if has_checkpoint else ["exclude"]):
        if has_checkpoint:
            hint = " Leave the last layer dense by --exclude." if "dense" in name else ""
            raise click.UsageError(
                f"{name} is for a net that is trained here, not for a checkpoint.{hint}"
            )
        raise click.UsageError(f"{name} is for a checkpoint; none is given.")


def prune_checkpoint(
    checkpoint: str, sparsities: Sequence[str], folder: Path, quiet: bool, **options: Any
) -> None:
    """Write a pruned copy for each sparsity, and say what came of it."""
    from topograph.io.mask_layouts import PLAIN
    from topograph.pruning import prune_state_dict, read_to_prune, write_pruned

    rows: list[tuple[str, ...]] = []
    try:
        with ProgressBar(quiet) as progress:
            progress(f"read {Path(checkpoint).name}", 0, len(sparsities))
            state, stem, ending = read_to_prune(checkpoint)
            for note in (*state.notes, *state.skipped):
                if note != PLAIN:
                    click.echo(f"Note: {note}", err=True)
            check_folder("-o", str(folder))
            folder.mkdir(parents=True, exist_ok=True)
            for number, said in enumerate(sparsities):
                progress(f"{options['method']} to {said}", number, len(sparsities))
                pruned = prune_state_dict(state, float(said), **options)
                path = folder / f"{stem}-{options['method']}-{said}{ending}"
                with noting_replacement(path):
                    write_pruned(pruned, path)
                kept = sum(int(mask.sum()) for mask in pruned.masks.values())
                rows.append((path.name, said, f"{pruned.sparsity_reached:.6g}", f"{kept:,}"))
                for layer in pruned.collapsed:
                    click.echo(f"Note: at {said} the layer {layer} has no weight left.", err=True)
    finally:
        if rows:  # what is on disk, after an interruption too
            click.echo(plain_table(_TITLES, rows), nl=False)
