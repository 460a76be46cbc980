"""`topograph study collect` and `export`: one table of designs, outcomes and properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from topograph_cli.progress import ProgressBar
from topograph_cli.study_options import jobs_option, opened, study_file


@click.command()
@study_file
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    metavar="DIR",
    help="Take in the results of bundles that `study run --bundles` wrote; may be repeated.",
)
@jobs_option("Processes that measure topologies.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def collect(
    file: str, folder: str | None, bundles: tuple[str, ...], jobs: int, quiet: bool
) -> None:
    """Measure the topologies of finished runs and write the study's table.

    It is FOLDER/table.parquet (extra tables), or table.jsonl without polars.
    """
    from topograph.study.bundles import take_results
    from topograph.study.collecting import collect_study, write_study_table

    specification, place = opened(file, folder)
    for bundle in bundles:
        taken = take_results(specification, Path(bundle), place)
        click.echo(f"{taken} new runs taken from {bundle}.")
    with ProgressBar(quiet) as progress:
        rows = collect_study(specification, place, jobs=jobs, progress=progress)
    _refuse_nothing(rows, file)
    click.echo(f"{len(rows)} runs in {write_study_table(rows, place)}.")


@click.command()
@study_file
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="Ends in .csv, .parquet or .jsonl."
)
@click.option("--curves", is_flag=True, help="With the curves of accuracy and loss.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def export(file: str, folder: str | None, output: str, curves: bool, quiet: bool) -> None:
    """Write the study's table for other programs."""
    from topograph.study.collecting import collect_study, without_curves
    from topograph.training.bundle.collecting import check_table_name, write_table

    check_table_name(Path(output))
    specification, place = opened(file, folder)
    with ProgressBar(quiet) as progress:
        rows = collect_study(specification, place, progress=progress)
    _refuse_nothing(rows, file)
    write_table(rows if curves else without_curves(rows), Path(output))
    click.echo(f"{len(rows)} runs in {output}.")


def _refuse_nothing(rows: list[dict[str, Any]], file: str) -> None:
    if not rows:
        raise click.ClickException(f"No run is done yet. Hint: topograph study run {file}")
