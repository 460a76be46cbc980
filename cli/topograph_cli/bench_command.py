"""`topograph bench`: a new metric on a table of trained nets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topograph_cli.output import deliver
from topograph_cli.plain_table import plain_table
from topograph_cli.progress import ProgressBar
from topograph_cli.study_options import jobs_option, permutations_option

if TYPE_CHECKING:
    from topograph.study.scoring import MetricScore


@click.command()
@click.argument("file", metavar="METRIC.py")
@click.option(
    "--table",
    "table",
    required=True,
    metavar="FILE",
    help="Trained nets, as `topograph study collect` and `export` write them: .parquet (extra "
    "tables), .csv or .jsonl.",
)
@click.option("--function", metavar="NAME", help="Of the metric, if the file has several.")
@click.option("--folder", metavar="DIR", help="Of the study: without it pruned masks are left out.")
@click.option(
    "--topologies",
    type=click.IntRange(min=3),
    metavar="N",
    help="Take N classes in each cell at most, always the same.",
)
@jobs_option("Processes that measure topologies.")
@permutations_option(2000)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Of permutations and resamples.",
)
@click.option(
    "--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option("-o", "--output", metavar="FILE", help="Write the answer to a file.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def bench(
    file: str,
    table: str,
    function: str | None,
    folder: str | None,
    topologies: int | None,
    jobs: int,
    permutations: int,
    seed: int,
    style: str,
    output: str | None,
    quiet: bool,
) -> None:
    """Score a metric of your own on a table of trained nets.

    METRIC.py is your own code, and is run, with all that it may do: score no file that you would
    not run. It holds one function, `def my_metric(graph): ...`, which takes a
    topograph.LayeredGraph, returns a number, and raises topograph.errors.Undefined where there is
    none.

    Every topology of the table is made again and measured once. The answer says how well the
    metric orders nets of equal density: tau within strata with its interval and p-value, the
    share of the noise ceiling, what it adds to the densities in families that a fit has not seen,
    and the worst environment; the best-known properties stand beside it.

    \b
    Examples:
      topograph bench my_metric.py --table table.parquet
      topograph bench my_metric.py --table table.parquet --topologies 20 --jobs 4
    """
    from pathlib import Path

    from topograph.study.metric_files import read_metric
    from topograph.study.reading_tables import read_table
    from topograph.study.scoring import is_needed, score_metric

    metric = read_metric(file, function)
    with ProgressBar(quiet) as progress:
        progress("read", 0, 1)
        score = score_metric(
            metric,
            read_table(table, is_needed),
            folder=Path(folder) if folder else None,
            n_topologies=topologies,
            jobs=jobs,
            n_permutations=permutations,
            seed=seed,
            progress=progress,
        )
    if style == "json":
        deliver(json.dumps(score.as_dict(), indent=2, allow_nan=False) + "\n", output)
    else:
        deliver(_page(score), output)


def _page(score: MetricScore) -> str:
    from topograph.study.property_rows import TITLES, alike, in_words, property_rows
    from topograph.wording import counted

    undefined = [str(score.n_undefined), *("" for _ in score.findings.exploratory)]
    rows = [
        (*cells, gaps)
        for cells, gaps in zip(property_rows(score.findings, score.gains), undefined, strict=True)
    ]
    cells = score.findings.cells
    untested = sum(not one.tested for one in cells)
    lines = [
        plain_table(("metric", *TITLES, "undefined"), rows),
        in_words(score.finding),
        *alike(score.findings, [score.metric]),
        f"{counted(score.n_classes, 'class', 'classes')}, {counted(score.n_runs, 'run')} at "
        f"{score.rates} rates, in {counted(len(cells), 'cell')}"
        + (
            f", of which {untested} have nothing to explain and are not tested."
            if untested
            else "."
        ),
    ]
    for what, reasons in (
        ("{} without a value", score.undefined),
        ("{} left out", score.left_out),
    ):
        lines += [
            f"{what.format(counted(count, 'class', 'classes'))}: {reason}."
            for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1])[:3]
        ]
    return "\n".join(lines) + "\n"
