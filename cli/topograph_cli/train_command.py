"""`topograph train`: a bundle, or masks in one step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from topograph_cli.given import given_options
from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.shards import chosen_shard
from topograph_cli.training_options import (
    PLAN_OPTIONS,
    TrainingPlan,
    data_dir_option,
    plan_options,
)

if TYPE_CHECKING:
    from topograph.training.bundle import MaskSummary

ENGINES = ("auto", "dense", "sparse", "radix", "kernel", "module")
_TITLES = (
    "mask",
    "density",
    "rate x",
    "runs",
    "accuracy",
    "95 % prediction",
    "untrained",
    "diverged",
    "class missing",
    "s/net",
)


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="BUNDLE|MASK...")
@plan_options
@data_dir_option
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option(
    "--members",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    metavar="N",
    help="Nets that train side by side, at most.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes, on a CPU.",
)
@click.option(
    "--shard", default="1/1", show_default=True, metavar="I/N", help="Do the I-th of N parts."
)
@click.option(
    "--precision",
    type=click.Choice(["tf32", "fp32"]),
    default="tf32",
    show_default=True,
    help="Of products on a GPU; on a CPU all is fp32.",
)
@click.option(
    "--tensorboard", metavar="DIR", help="Write curves for TensorBoard too (extra tensorboard)."
)
@click.option("-o", "--output", metavar="DIR", help="Bundle to make of the masks, with results.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def train(
    targets: tuple[str, ...],
    training: TrainingPlan,
    data_dir: str | None,
    engine: str,
    device: str,
    members: int,
    workers: int,
    shard: str,
    precision: str,
    tensorboard: str | None,
    output: str | None,
    quiet: bool,
) -> None:
    """Train the nets of a bundle, or of masks: the mask is the architecture.

    Results are in DIR/results.jsonl, a line a net, each written as soon as it is there. Runs
    that are finished are not done again; stopped at any moment, training goes on from the last
    epoch. A bundle says itself on what, how and how often to train; for masks, options do.

    \b
    Examples:
      topograph train mask.npz -o runs
      topograph train masks/*.npz --data mnist --seeds 3 --epochs 5 -o runs
      topograph train "generate:uniform --widths 64,32,10 --density .2" --seeds 3
      topograph train bundle --data-dir data --device cuda
      topograph train bundle --shard 2/8
    """
    from topograph.training.bundle import (
        RunPlan,
        finished_rows,
        summarise,
        train_bundle,
    )
    from topograph.training.heap import keep_freed_memory

    keep_freed_memory()
    is_bundle = any(_is_bundle(Path(target)) for target in targets)
    if is_bundle and len(targets) > 1:
        raise click.UsageError("Give one bundle, or masks.")
    if is_bundle:
        _refuse_plan_options()
        if output is not None:
            raise click.UsageError("-o is for masks: a bundle's results are written beside it.")
    rows: list[dict[str, Any]] = []
    with _folder(targets[0] if is_bundle else output) as folder:
        if not is_bundle:
            training.make_bundle(targets, folder)
        plan = RunPlan(
            folder,
            data_dir,
            engine,
            device,
            members,
            workers,
            chosen_shard(shard),
            precision="fp32" if precision == "fp32" else "tf32",
            tensorboard=None if tensorboard is None else Path(tensorboard),
        )
        before = len(finished_rows(plan))
        if before:
            said = "1 run is" if before == 1 else f"{before} runs are"
            click.echo(f"{said} finished and not done again.", err=True)
        try:
            with ProgressBar(quiet, unit="net-steps") as progress:
                for row in train_bundle(plan, progress):
                    if not rows:
                        click.echo(f"Engine: {row['engine']} ({row['engine_reason']}).", err=True)
                    rows.append(row)
        finally:
            kept = finished_rows(plan)
            if kept:  # what is on disk, after an interruption too
                click.echo(_table(summarise(kept)), nl=False)
    if not is_bundle and output is None:
        click.echo("Nothing is kept of this: -o DIR keeps results and resumes.", err=True)


def _is_bundle(target: Path) -> bool:
    """Whether it is a folder, and none of GraphChallenge layers."""
    from topograph.io.graphchallenge import layer_number

    return target.is_dir() and all(layer_number(one.name) is None for one in target.iterdir())


@contextmanager
def _folder(name: str | None) -> Iterator[Path]:
    if name is not None:
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="topograph-") as folder:
        yield Path(folder)


def _refuse_plan_options() -> None:
    """Refuse options that a bundle decides itself."""
    given = given_options(PLAN_OPTIONS)
    if given:
        raise click.UsageError(
            f"A bundle says itself how to train; {', '.join(given)} is for masks."
        )


def _table(summaries: list[MaskSummary]) -> str:
    rows = []
    for found in summaries:
        accuracy = found.accuracy
        interval = "-"
        if accuracy is not None and accuracy.low is not None and accuracy.high is not None:
            interval = f"{max(accuracy.low, 0):.4f} to {min(accuracy.high, 1):.4f}"
        rows.append(
            (
                found.name,
                f"{found.density:.4g}",
                f"{found.rate_factor:g}",
                str(found.n_runs),
                "-" if accuracy is None else f"{accuracy.mean:.4f}",
                interval,
                str(found.n_untrained),
                str(found.n_diverged),
                str(found.n_missing_classes),
                f"{found.seconds_a_net:.2g}",
            )
        )
    return plain_table(_TITLES, rows)
