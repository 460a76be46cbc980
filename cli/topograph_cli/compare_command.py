"""`topograph compare`: the metrics of several masks, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from topograph_cli.inputs import expanded, open_graph, reads_masks
from topograph_cli.null_options import Nulls, asks_for_nulls
from topograph_cli.output import deliver, terminal_color, terminal_width
from topograph_cli.picture_options import Pictures, asks_for_pictures
from topograph_cli.progress import ProgressBar
from topograph_cli.reporting import (
    chosen_format,
    chosen_metrics,
    measures_masks,
    refuse_layer_metrics,
)
from topograph_cli.targets import check_folder, check_targets
from topograph_cli.wiring import Wiring

if TYPE_CHECKING:
    from topograph.io import Orientation


@click.command()
@reads_masks
@measures_masks
@asks_for_nulls
@asks_for_pictures
@click.option(
    "--per-layer", is_flag=True, help="Compare the layers too, the first with the first, and so on."
)
@click.option(
    "--baseline",
    default="1",
    show_default=True,
    metavar="NAME|INDEX",
    help="The mask that differences and ratios refer to: its number in the order given, or its "
    "name, for which that of the file is enough.",
)
@click.option(
    "--distance",
    is_flag=True,
    help="Add how far each mask is from each other one: the overlap of their edges, and the "
    "distance of masks whose hidden units are matched (NNSTD).",
)
def compare(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    style: str | None,
    output: str | None,
    metrics: tuple[str, ...],
    include_all: bool,
    exact: bool,
    seed: int,
    quiet: bool,
    nulls: Nulls,
    pictures: Pictures,
    per_layer: bool,
    baseline: str,
    distance: bool,
) -> None:
    """Compare masks: one aligned table, with differences and ratios to a baseline.

    Each MASK is a net of its own: a file, a folder of GraphChallenge layers, a net made on the
    spot as by `topograph analyze`, or a quoted pattern such as "masks/*.npz". The largest and the
    smallest value of a row are marked; the best and the worst where a metric counts waste or
    missing connections.

    \b
    Examples:
      topograph compare radix.npz pruned.npz
      topograph compare masks/*.npz --metric path_count_cv,effective_density -o table.csv
      topograph compare radix.npz pruned.npz --html comparison.html
      topograph compare "masks/**/*.npz" --baseline dense --distance --per-layer
    """
    from topograph import export
    from topograph.comparison import baseline_place
    from topograph.comparison import compare as compare_reports
    from topograph.distances import mask_distances

    paths = expanded(paths)
    if len(paths) < 2:
        raise click.UsageError("Give at least two masks to compare.")
    check_targets(paths, output=output, html=pictures.html)
    check_folder("--figures", pictures.folder)
    names = chosen_metrics(metrics, include_all)
    if not per_layer:
        refuse_layer_metrics(names, "add --per-layer")
    place = baseline_place(paths, baseline)
    reports, graphs = [], []
    with ProgressBar(quiet) as progress:
        for path in paths:
            progress(f"read {path}", 0, 1)
            graph = open_graph((path,), orientation, threshold, layers, wiring)
            reports.append(
                nulls.report(
                    graph,
                    source=path,
                    metrics=names,
                    include_all=include_all,
                    exact=exact,
                    seed=seed,
                    progress=progress,
                )
            )
            if distance or pictures.wanted:
                graphs.append(graph)
        measured = graphs if distance else []
        distances = mask_distances(measured, per_layer=per_layer, progress=progress)
    comparison = compare_reports(
        reports, per_layer=per_layer, baseline=place + 1, distances=distances
    )
    if pictures.wanted:
        from topograph.plots import comparison_figures

        named = dict(zip(export.mask_titles(comparison), graphs, strict=True))
        pictures.write(
            comparison_figures(comparison, named, seed=seed),
            lambda made: export.comparison_to_html(comparison, made),
        )
    style = chosen_format(style, output)
    if style == "json":
        text = export.comparison_to_json(comparison)
    elif style == "csv":
        text = export.comparison_to_csv(comparison)
    elif style == "markdown":
        text = export.comparison_to_markdown(comparison)
    else:
        width, color = (100, False) if output else (terminal_width(), terminal_color())
        text = export.comparison_to_table(comparison, width=width, color=color)
    deliver(text, output)
