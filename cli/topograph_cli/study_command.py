"""`topograph study`: from a study's file to its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.training_options import data_dir_option

if TYPE_CHECKING:
    from topograph.study.design import Specification

Command = TypeVar("Command", bound=Callable[..., Any])
ENGINES = ("auto", "dense", "sparse", "radix", "kernel", "module")


@click.group()
def study() -> None:
    """Ask whether properties of topologies predict trainability: plan, run, report.

    A study is a file STUDY.toml and a folder, by default STUDY.study where you are: its
    preregistration, its results and its report.

    \b
    Examples:
      topograph study plan main.toml
      topograph study run main.toml --jobs 2
      topograph study report main.toml
    """


def study_file(command: Command) -> Command:
    """Add the file and the folder of a study."""
    command = click.option(
        "-o", "--folder", metavar="DIR", help="Of the study; by default STUDY.study."
    )(command)
    return click.argument("file", metavar="STUDY.toml")(command)


def opened(file: str, folder: str | None) -> tuple[Specification, Path]:
    """Return the study of a file, and its folder."""
    from topograph.study.design import read_study

    specification = read_study(file)
    return specification, Path(folder) if folder else Path(f"{Path(file).stem}.study")


@study.command()
@study_file
@data_dir_option
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes to reckon the time with.",
)
@click.option("--no-trial", is_flag=True, help="Do not train for a few steps to tell the time.")
@click.option("--amend", is_flag=True, help="Register a change of a study that is registered.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def plan(
    file: str,
    folder: str | None,
    data_dir: str | None,
    jobs: int,
    no_trial: bool,
    amend: bool,
    quiet: bool,
) -> None:
    """Say what a study will cost and can find, and register it before anything runs.

    The preregistration, FOLDER/preregistration.json, holds the whole study with its primaries,
    strata and tests, and a hash of it all: keep the hash, or publish it.
    """
    from topograph.study.design.costs import ASSUMED_SHARE, powers, stratum_costs
    from topograph.study.design.preregistration import register
    from topograph.study.design.units import count_runs
    from topograph.study.execution.chunk_training import Place

    specification, place = opened(file, folder)
    with ProgressBar(quiet) as progress:
        costs = stratum_costs(
            specification, Place(place, data_dir), trial=not no_trial, progress=progress
        )
    rows = [
        (
            one.stratum,
            one.data,
            str(one.n_classes),
            str(one.n_masks),
            str(one.n_runs),
            " ".join(map(str, one.edges)) or "own",
            "-" if one.n_steps is None else str(one.n_steps),
            "-" if one.seconds_a_run is None else f"{one.seconds_a_run:.2g}",
        )
        for one in costs
    ]
    titles = ("stratum", "data", "classes", "masks", "runs", "edges per layer", "steps", "s/run")
    click.echo(plain_table(titles, rows), nl=False)
    known = [one for one in costs if one.seconds_a_run is not None]
    total = sum(one.n_runs * (one.seconds_a_run or 0.0) for one in known)
    click.echo(
        f"\n{count_runs(specification)} runs of {len(specification.variants)} variants", nl=False
    )
    if len(known) == len(costs):
        click.echo(f", about {_duration(total / jobs)} with {jobs} job{'s' if jobs > 1 else ''}.")
    else:
        click.echo("; no time for strata whose data are not here, or that had no trial.")
    for data, n_strata, tau, estimate in powers(specification):
        click.echo(
            f"Power on {data}, {n_strata} strata: a true tau of {tau:g} is found with chance "
            f"{estimate.power:.2f} (class share {ASSUMED_SHARE:g} assumed)."
        )
    content = register(specification, place, amend=amend)
    click.echo(f"Registered {content['registered']}: {content['hash']}")


@study.command()
@study_file
@data_dir_option
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that train at the same time.",
)
@click.option(
    "--members",
    type=click.IntRange(min=1),
    default=32,
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
    quiet: bool,
) -> None:
    """Train what is not done yet. Stopped at any moment, it goes on where it was."""
    from topograph.study.execution.chunk_training import Place
    from topograph.study.execution.running import Resources, run_study
    from topograph_cli.shards import chosen_shard

    specification, place = opened(file, folder)
    resources = Resources(jobs, members, backend, scheduler, chosen_shard(shard))
    where = Place(place, data_dir, engine, device, one_thread=jobs > 1 or backend == "dask")
    with ProgressBar(quiet, unit="runs") as progress:
        trained = run_study(specification, where, resources, progress)
    click.echo(f"{trained} runs done in {place}.")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
