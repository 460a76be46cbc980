"""`topograph study import`: the statistics on a table that others made."""

from __future__ import annotations

import json

import click

from topograph_cli.output import deliver
from topograph_cli.study_options import permutations_option


@click.command(name="import")
@click.argument("table", metavar="TABLE")
@click.option(
    "--outcome", required=True, metavar="COL", help="Such as the accuracy on test images."
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="COL",
    help="A property to judge; empty where it has no value. May be repeated.",
)
@click.option(
    "--primary",
    "primaries",
    multiple=True,
    metavar="COL",
    help="A property that was named before the outcomes were seen; may be repeated.",
)
@click.option(
    "--stratum",
    multiple=True,
    metavar="COL",
    help="Nets of equal density; several columns together make one name, as below.",
)
@click.option(
    "--topology", multiple=True, metavar="COL", help="The mask: rows with one are replicates."
)
@click.option("--labelling", metavar="COL", help="Of the units, counted within the topology.")
@click.option("--seed", metavar="COL", help="Of the training.")
@click.option("--family", metavar="COL", help="How the topology was made.")
@click.option("--environment", multiple=True, metavar="COL", help="Data set, model.")
@click.option(
    "--predicts-all", metavar="COL", help="Whether the net gives a test image to every class."
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="COL",
    help="Of the density-only baseline, such as log edges of a layer; may be repeated.",
)
@click.option("--higher-is-worse", is_flag=True, help="The outcome is an error or a loss.")
@permutations_option(10_000)
@click.option(
    "--format",
    "style",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
@click.option("-o", "--output", metavar="FILE", help="Write the answer to a file.")
def import_table(
    table: str,
    outcome: str,
    properties: tuple[str, ...],
    primaries: tuple[str, ...],
    stratum: tuple[str, ...],
    topology: tuple[str, ...],
    labelling: str | None,
    seed: str | None,
    family: str | None,
    environment: tuple[str, ...],
    predicts_all: str | None,
    controls: tuple[str, ...],
    higher_is_worse: bool,
    permutations: int,
    style: str,
    output: str | None,
) -> None:
    """Run the statistics of a study on a table that others made.

    TABLE (.csv, .parquet or .jsonl) has a row for every trained net; the options say which
    columns mean what. What is not said has a default that claims least, and the answer says what
    follows: without --stratum a property is credited with what density does, without --topology
    every row counts as independent and there is no noise ceiling.

    \b
    Examples:
      topograph study import nets.csv --outcome accuracy --property reach --primary reach \\
          --stratum sparsity --topology mask --seed seed --environment data --family method
    """
    from topograph.study.import_report import import_report
    from topograph.study.importing import ColumnMapping, import_rows
    from topograph.study.reading_tables import read_table
    from topograph.study.statistics import analyse

    mapping = ColumnMapping(
        outcome=outcome,
        properties=tuple(dict.fromkeys((*primaries, *properties))),
        stratum=stratum,
        topology=topology,
        labelling=labelling,
        seed=seed,
        family=family,
        environment=environment,
        predicts_all=predicts_all,
        controls=controls,
        higher_is_worse=higher_is_worse,
    )
    imported = import_rows(read_table(table), mapping)
    exploratory = [one for one in mapping.properties if one not in primaries]
    findings = analyse(
        imported.table,
        [imported.names[one] for one in dict.fromkeys(primaries)],
        [imported.names[one] for one in exploratory],
        n_permutations=permutations,
    )
    if style == "json":
        content = {"notes": list(imported.notes), "findings": findings.as_dict()}
        deliver(json.dumps(content, indent=2, allow_nan=False) + "\n", output)
    else:
        deliver(import_report(findings, imported.table, imported.notes), output)
