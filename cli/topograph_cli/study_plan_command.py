"""`topograph study plan`: what it will cost and can find, registered before anything runs."""

from __future__ import annotations

import click

from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.study_options import MEMBERS, duration, jobs_option, opened, study_file
from topograph_cli.training_options import data_dir_option


@click.command()
@study_file
@data_dir_option
@jobs_option("Processes to reckon the time with.")
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
    from topograph.study.design.costs import (
        ASSUMED_SHARE,
        memory_a_process,
        powers,
        stratum_costs,
    )
    from topograph.study.design.preregistration import check_free, register
    from topograph.study.design.units import count_runs
    from topograph.study.execution.chunk_training import Place

    specification, place = opened(file, folder, is_registered=False)
    if not amend:
        check_free(specification, place)
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
    strata = {one.stratum: one.n_masks * sum(one.edges) for one in costs}
    click.echo(f"\n{sum(strata.values()):,} edges in all masks.")
    known = [one for one in costs if one.seconds_a_run is not None]
    total = sum(one.n_runs * (one.seconds_a_run or 0.0) for one in known)
    click.echo(
        f"{count_runs(specification):,} runs of {len(specification.variants)} variants", nl=False
    )
    if len(known) == len(costs):
        click.echo(f", about {duration(total / jobs)} with {jobs} job{'s' if jobs > 1 else ''}.")
    else:
        reasons = dict.fromkeys(one.note for one in costs if one.note)
        click.echo(f"; the time is not known: {' '.join(reasons)}")
    memory = memory_a_process(costs, MEMBERS)
    if memory is not None:
        click.echo(f"A process takes about {memory / 2**30:.1f} GiB.")
    for data, n_strata, tau, estimate in powers(specification):
        click.echo(
            f"Power on {data}, {n_strata} strata: a true tau of {tau:g} is found with chance "
            f"{estimate.power:.2f} (class share {ASSUMED_SHARE:g} assumed, and strata all as "
            f"small as the smallest)."
        )
    content = register(specification, place, amend=amend)
    click.echo(f"Registered {content['registered']}: {content['hash']}")
