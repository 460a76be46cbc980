"""`topograph collect`: results joined with what the masks are like."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from topograph_cli.progress import ProgressBar
from topograph_cli.reporting import chosen_metrics, refuse_layer_metrics
from topograph_cli.targets import check_targets


@click.command()
@click.argument("bundle", metavar="BUNDLE")
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Only these; may be repeated or list names with commas.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Table to write: .parquet (extra tables), .csv or .jsonl.",
)
@click.option(
    "--encoding",
    type=click.Choice(["unrolled", "channel"]),
    default="unrolled",
    show_default=True,
    help="Units of nets with convolutions: activations, which is exact, or channels, which is "
    "quick.",
)
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def collect(
    bundle: str,
    metrics: tuple[str, ...],
    output: str,
    encoding: Literal["unrolled", "channel"],
    quiet: bool,
) -> None:
    """Join the results of a bundle with the metrics of its masks, a row a net.

    Masks and results are matched by digest. Columns: what `topograph train` wrote, then
    metric.NAME for each metric of the network, undefined.NAME with the reason where it has no
    value.

    \b
    Examples:
      topograph collect bundle -o table.parquet
      topograph collect bundle -m path_count_cv -m connected_pair_fraction -o table.csv
    """
    from topograph.training.bundle import collect_bundle, write_table
    from topograph.training.bundle.collecting import check_table_name
    from topograph.training.bundle.results import RESULTS, read_results

    check_table_name(Path(output))
    check_targets([], output=output)
    names = chosen_metrics(metrics)
    refuse_layer_metrics(names, "a table has a row a net")

    with ProgressBar(quiet) as progress:
        rows = collect_bundle(Path(bundle), names, progress, encoding)
    if not rows:
        raise click.ClickException(
            f"{bundle}: there are no results yet. Hint: topograph train {bundle}"
        )
    write_table(rows, Path(output))
    n_masks = len({row["mask"] for row in rows})
    runs = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
    masks = "1 mask" if n_masks == 1 else f"{n_masks} masks"
    click.echo(f"Wrote {output}: {runs} of {masks}, {len(rows[0])} columns.")
    left_out = len(read_results(Path(bundle) / RESULTS)) - len(rows)
    if left_out:
        said = "1 run is" if left_out == 1 else f"{left_out} runs are"
        click.echo(f"Note: {said} left out, of masks that are not in the bundle.", err=True)
