"""`topograph study report` and `ceiling`: what was found, and what there was to find."""

from __future__ import annotations

import click

from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.study_options import jobs_option, opened, study_file


@click.command()
@study_file
def ceiling(file: str, folder: str | None) -> None:
    """Split the spread of accuracies into isomorphism class, labelling and seed.

    Looks at outcomes alone. Cells in which the class has less than the share that the study lays
    down (a fifth, if it says nothing) have nothing to explain.
    """
    from topograph.study.ceiling import ceiling_of_study

    specification, place = opened(file, folder)
    cells = ceiling_of_study(specification, place)
    rows = [
        (
            one.environment,
            one.stratum,
            str(one.n_topologies),
            str(one.n_rows),
            f"{one.mean_outcome:.4f}",
            *(
                ("-", "-", "-", "-")
                if one.components is None
                else (
                    f"{one.components.topology_share:.2f}",
                    "-"
                    if one.components.interval is None
                    else f"{one.components.interval.low:.2f} to {one.components.interval.high:.2f}",
                    "-"
                    if one.components.labelling_share is None
                    else f"{one.components.labelling_share:.2f}",
                    "-"
                    if one.components.seed_share is None
                    else f"{one.components.seed_share:.2f}",
                )
            ),
            "tested" if one.tested else "nothing to explain",
        )
        for one in cells
    ]
    titles = (
        "environment",
        "stratum",
        "classes",
        "runs",
        "accuracy",
        "class",
        "95 %",
        "labelling",
        "seed",
        "",
    )
    click.echo(plain_table(titles, rows), nl=False)


@click.command()
@study_file
@jobs_option("Processes that measure topologies.")
@click.option("-o", "--output", metavar="DIR", help="By default FOLDER/report.")
@click.option(
    "--html",
    metavar="FILE.html",
    help="Write the report as a page for the browser too, with its figures; one file that needs no "
    "network.",
)
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def report(
    file: str,
    folder: str | None,
    jobs: int,
    output: str | None,
    html: str | None,
    quiet: bool,
) -> None:
    """Run the tests that were laid down, and write the report and its figures."""
    from pathlib import Path

    from topograph.io import write_text
    from topograph.study.report import report_to_html
    from topograph.study.reporting import report_study

    specification, place = opened(file, folder)
    target = Path(output) if output else place / "report"
    with ProgressBar(quiet) as progress:
        written = report_study(specification, place, target, jobs=jobs, progress=progress)
    click.echo(
        f"Written: {written.page}, with {len(written.figures) // 2} figures, each as SVG and PNG."
    )
    if html is not None:
        write_text(report_to_html(written), html)
        click.echo(f"Written: {html}, the same as one page for the browser.")
