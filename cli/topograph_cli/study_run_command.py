"""`topograph study run` and `status`: train what is not done yet, and see how far it is."""

from __future__ import annotations

import time
from pathlib import Path

import click

from topograph_cli.parameters import FiniteRange
from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.shards import chosen_shard
from topograph_cli.study_options import MEMBERS, jobs_option, opened, study_file
from topograph_cli.training_options import data_dir_option

ENGINES = ("auto", "dense", "sparse", "radix", "kernel", "module")


@click.command()
@study_file
@data_dir_option
@jobs_option("Processes that train at the same time.")
@click.option(
    "--members",
    type=click.IntRange(min=1),
    default=MEMBERS,
    show_default=True,
    metavar="N",
    help="Nets that train side by side in a process, about.",
)
@click.option(
    "--backend",
    type=click.Choice(["loky", "dask"]),
    default="loky",
    show_default=True,
    help="Processes here, or dask's workers.",
)
@click.option("--scheduler", metavar="URL", help="Of dask, such as tcp://host:8786.")
@click.option(
    "--shard",
    default="1/1",
    show_default=True,
    metavar="I/N",
    help="Do the I-th of N parts, such as a task of a Slurm array.",
)
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option(
    "--bundles",
    metavar="DIR",
    help="Train nothing: write bundles there, for `topograph train` on another machine.",
)
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def run(
    file: str,
    folder: str | None,
    data_dir: str | None,
    jobs: int,
    members: int,
    backend: str,
    scheduler: str | None,
    shard: str,
    engine: str,
    device: str,
    bundles: str | None,
    quiet: bool,
) -> None:
    """Train what is not done yet. Stopped at any moment, it goes on where it was."""
    from topograph.study.execution.chunk_training import Place
    from topograph.study.execution.running import Resources, run_study

    specification, place = opened(file, folder)
    resources = Resources(jobs, members, backend, scheduler, chosen_shard(shard))
    where = Place(place, data_dir, engine, device, one_thread=jobs > 1 or backend == "dask")
    if bundles is not None:
        if shard != "1/1":
            raise click.UsageError(
                "--shard is for training here; `topograph train BUNDLE --shard` has it too."
            )
        from topograph.study.bundles import write_bundles
        from topograph.study.design.preregistration import check_registered
        from topograph.study.execution.running import prepare_masks

        check_registered(specification, place)
        with ProgressBar(quiet) as progress:
            prepare_masks(specification, where, resources, progress)
        written = write_bundles(specification, place, Path(bundles))
        for bundle in written:
            click.echo(f"Written: {bundle}")
        if not written:
            click.echo("Every run is done: there is nothing to bundle.")
        return
    with ProgressBar(quiet, unit="runs") as progress:
        trained = run_study(specification, where, resources, progress)
    click.echo(f"{trained} runs done in {place}.")


@click.command()
@study_file
@click.option(
    "--watch",
    type=FiniteRange(min=0.1, max=86_400),
    metavar="SECONDS",
    help="Show it again every so often, until all is done.",
)
def status(file: str, folder: str | None, watch: float | None) -> None:
    """Show how far a study is, stratum by stratum."""
    from topograph.study.progress import progress_of

    specification, place = opened(file, folder)
    while True:
        cells = progress_of(specification, place)
        rows = [
            (
                one.stratum,
                one.data,
                f"{one.n_done}/{one.n_runs}",
                str(one.n_untrained),
                str(one.n_diverged),
                str(one.n_missing_classes),
            )
            for one in cells
        ]
        titles = ("stratum", "data", "runs", "untrained", "diverged", "class missing")
        done, total = sum(one.n_done for one in cells), sum(one.n_runs for one in cells)
        click.echo(plain_table(titles, rows), nl=False)
        click.echo(f"\n{done} of {total} runs are done.")
        if watch is None or done >= total:
            return
        time.sleep(watch)
