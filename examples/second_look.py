"""The numbers on a study's page that its report does not hold, from the study's table.

Prints a Markdown document: every number with what was averaged over what. It is a second
derivation: nothing of topograph is used, only polars, NumPy, and ranks and quantiles of SciPy.
Accuracies are in percent, at each labelled topology's best rate, averaged over seeds, then over
labellings, then over topologies, however many of each a topology has.

    python examples/second_look.py main docs/results/studies/main/table.parquet
    python examples/second_look.py instability TABLE
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from second_look_doses import doses
from second_look_failures import failures, rates
from second_look_families import differences, families, labellings
from second_look_instability import SECTIONS as INSTABILITY
from second_look_means import Row, nets_of, topologies_of
from second_look_predictors import degrees, orders, shares

MAIN = {
    "Whose variance it is": shares,
    "How properties order topologies": orders,
    "Degrees against connectivity": degrees,
    "Dose and response": doses,
    "Families": families,
    "Differences between families": differences,
    "Natural and random labellings": labellings,
    "Rates": rates,
    "Failures": failures,
}
STUDIES = {"main": MAIN, "instability": INSTABILITY}
PROPERTIES = (
    *("connected_pair_fraction", "path_count_cv", "path_count", "paths_per_pair_max"),
    *("effective_density", "end_to_end_gap", "output_fan_in_min", "live_units", "component_count"),
    *("dead_inputs", "dead_hidden", "dead_outputs", "spectral_gap.mean", "spectral_gap.min"),
    *("fan_in_cv.mean", "fan_out_cv.mean", "sigma_1.mean", "sigma_1.max"),
    *("sigma_2.mean", "sigma_2.max"),
)
DESIGN = (
    *("topology", "labelling", "seed", "data", "variant", "rate_factor", "regime", "stratum"),
    *("family", "role", "base", "series", "dose", "n_edges", "edges.3", "n_classes", "diverged"),
    *("test_accuracy", "validation_accuracy", "predicts_all"),
    *("factor.relu_logits", "factor.initialisation", "factor.l2", "factor.repaired"),
)
WANTED = {*DESIGN, *(f"metric.{name}" for name in PROPERTIES)}


def main() -> None:
    """Print the document of a study."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", choices=STUDIES, help="whose page")
    parser.add_argument("table", type=Path, help="in Parquet")
    asked = parser.parse_args()
    print(document(asked.study, rows_of(asked.table)))


def rows_of(table: Path) -> list[Row]:
    """Return the rows of a table with the columns that the document needs."""
    try:
        import polars as pl
    except ImportError:
        sys.exit("Error: Parquet needs polars: pip install 'topograph[tables]'.")
    try:
        wanted = [name for name in pl.read_parquet_schema(table) if name in WANTED]
        return pl.read_parquet(table, columns=wanted).to_dicts()
    except (OSError, pl.exceptions.PolarsError) as error:
        sys.exit(f"Error: {table} must be a table in Parquet ({str(error).splitlines()[0]}).")


def document(study: str, rows: list[Row]) -> str:
    """Return the Markdown document of a study."""
    topologies = topologies_of(nets_of({name: row.get(name) for name in WANTED} for row in rows))
    distinct = len({one.row["topology"] for one in topologies})
    labelled = {
        (net.row["topology"], net.row["labelling"]) for one in topologies for net in one.nets
    }
    recipes = len({one.row["variant"] for one in topologies})
    parts = [
        f"# {study}: a second look",
        f"{distinct:,} topologies in {len(labelled):,} labellings, {len(rows):,} trainings; "
        f"recipes: {recipes}.",
    ]
    for title, section in STUDIES[study].items():
        parts += [f"## {title}", *(section(topologies) or ["Not in this table."])]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
