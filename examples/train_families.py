"""Train sparse LeNet-300-100s of four families and lay them beside known accuracies.

Random nets with a uniform density and with one that follows the widths (ERK), strided and
banded nets, and a dense one, at sparsities from 50 to 99.5 %. Training is the recipe `modern`:
standardised pixels, SGD at .05 with momentum .9 and a cosine schedule, batches of 128, initial
weights scaled by each unit's own fan-in. Each seed has masks, weights and an order of images
of its own. Finished runs are kept in the folder and not done again.

    python examples/train_families.py --data mnist --data-dir DIR -o runs
    python examples/train_families.py --quick
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Any

import topograph
from topograph.generators import family_net
from topograph.training import MODERN, load_data
from topograph.training.bundle import (
    RunPlan,
    finished_rows,
    make_bundle,
    spread_of,
    train_bundle,
)

SPARSITIES = (0.5, 0.9, 0.95, 0.99, 0.995)
FAMILIES = {
    "uniform": ("uniform", "uniform"),
    "ERK": ("uniform", "erk"),
    "strided, ERK": ("strided", "erk"),
    "banded, ERK": ("banded", "erk"),
}

# Accuracies in percent after 5 epochs, by other code with the same recipe, at each sparsity.
KNOWN: dict[str, dict[str, tuple[float | None, ...]]] = {
    "mnist": {
        "dense": (98.21,),
        "uniform": (97.86, 96.16, 93.58, 33, 15),
        "ERK": (97.94, 96.83, 95.86, 87.99, 67),
        "strided, ERK": (97.98, 96.78, 95.99, 88.32, 48),
        "banded, ERK": (98.29, 97.45, 96.14, 62.9, 34),
    },
    "fashion-mnist": {"dense": (88.69,), "ERK": (None, 87.35, 86.25, 81.03, 72.1)},
}


def known_accuracy(data: str, family: str, sparsity: float) -> float | None:
    """Return the known accuracy of a cell of the table, if there is one."""
    values = KNOWN.get(data, {}).get(family)
    if values is None:
        return None
    return values[0 if family == "dense" else SPARSITIES.index(sparsity)]


def masks(widths: tuple[int, ...], seed: int) -> dict[str, topograph.LayeredGraph]:
    """Return all nets of one seed by name."""
    nets = {"dense 0": family_net("uniform", widths, 1.0, seed=seed)}
    for name, (family, allocation) in FAMILIES.items():
        for sparsity in SPARSITIES:
            nets[f"{name} {sparsity:g}"] = family_net(
                family, widths, 1 - sparsity, allocation=allocation, seed=seed
            )
    return nets


def train(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Train what is missing and return the rows of all seeds."""
    recipe = dataclasses.replace(MODERN, n_epochs=options.epochs)
    n_inputs = load_data(options.data, options.data_dir).n_inputs
    widths = (n_inputs, 300, 100, 10)
    rows = []
    for seed in range(options.seeds):
        place = folder / f"seed-{seed}"
        make_bundle(masks(widths, seed), options.data, recipe, place, seeds=(seed,))
        plan = RunPlan(place, options.data_dir, options.engine)
        for row in train_bundle(plan):
            print(f"{row['name']} seed {seed}: {row['test_accuracy']}", file=sys.stderr, flush=True)
        rows += finished_rows(plan)
    return rows


def table(rows: list[dict[str, Any]], data: str) -> str:
    """Return known accuracies beside ours, in percent."""
    lines = [
        "| family | sparsity | edges | known | ours, mean | 95 % prediction | class missing | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    names = list(dict.fromkeys(row["name"] for row in rows))
    for name in names:
        mine = [row for row in rows if row["name"] == name]
        family, _, sparsity = name.rpartition(" ")
        found = spread_of([100 * (row["test_accuracy"] or 0.0) for row in mine])
        known = known_accuracy(data, family, float(sparsity))
        interval, place = "one seed", ""
        if found.low is not None and found.high is not None:
            low, high = max(found.low, 0.0), min(found.high, 100.0)
            interval = f"{low:.2f} to {high:.2f}"
            if known is not None and not low <= known <= high:
                place = "below ours" if known < low else "above ours"
        missing = sum(bool(row["classes_never_predicted"]) for row in mine)
        cells = [family, sparsity, f"{mine[0]['n_edges']:,}", "-" if known is None else str(known)]
        cells += [f"{found.mean:.2f}", interval, f"{missing} of {len(mine)}", place]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Parse the options, train, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="mnist", help="mnist, fashion-mnist or digits")
    parser.add_argument("--data-dir", help="folder with the files; or TOPOGRAPH_DATA")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("-o", "--output", type=Path, help="folder for bundles and results")
    parser.add_argument("--quick", action="store_true", help="digits, one epoch: seconds")
    options = parser.parse_args()
    if options.quick:
        options.data, options.seeds, options.epochs = "digits", 2, 1
    with tempfile.TemporaryDirectory() as own:
        rows = train(options, options.output or Path(own))
    print(table(rows, options.data))


if __name__ == "__main__":
    main()
