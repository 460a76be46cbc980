"""Rerun the random and RadiX rows of Alford et al. (2018) on MNIST, and take their causes apart.

LeNet-300-100 on masks that were never trained dense: i.i.d. random ones at densities from .01
to .5, and RadiX-Nets of the paper's sizes, one of them ten times as wide. Each is trained with the
paper's protocol (recipe `alford2018`), then with one switch after another set to what is
usual today: logits without a ReLU, initial weights scaled by each unit's own fan-in, no decay,
and the recipe `modern`. The paper does not say whether the logits layer of its random nets is
masked: both are run. Finished runs are kept in the folder and not done again.

    python examples/reproduce_alford2018_topologies.py --data-dir DIR -o runs
    python examples/reproduce_alford2018_topologies.py --quick
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from topograph import LayeredGraph
from topograph.generators import append_dense, family_net, fit_widths, radix_net
from topograph.training import find_recipe
from topograph.training.bundle import (
    RunPlan,
    finished_rows,
    make_bundle,
    spread_of,
    train_bundle,
)
from topograph.training.recipe_files import change_recipe

# Row: published accuracy in percent, of one run.
PUBLISHED = {
    "random .01": 74.1,
    "random .05": 91.49,
    "random .1": 93.42,
    "random .5": 96.28,
    "RadiX .1": 93.57,
    "RadiX .1, 10 x wider": 93.98,
}

LINEAR = {"relu_logits": "false"}
SCALED = LINEAR | {"initialisation": "fan_in"}
RECIPES: dict[str, tuple[str, dict[str, str]]] = {
    "alford2018": ("alford2018", {}),
    "linear logits": ("alford2018", LINEAR),
    "and scaled": ("alford2018", SCALED),
    "and no decay": ("alford2018", SCALED | {"l2": "0.0"}),
    "modern": ("modern", {}),
}


# What is not run: RadiX-Nets have a dense logits layer as they are, and what takes longest is
# left to the first recipe and the last.
LEFT_OUT = {
    ("", "dense"): ("random .5", "RadiX .1", "RadiX .1, 10 x wider"),
    ("", "as_masked"): ("random .5", "RadiX .1, 10 x wider"),
    ("alford2018", "as_masked"): (),
    ("modern", "as_masked"): (),
}


def nets(n_inputs: int, seed: int) -> dict[str, LayeredGraph]:
    """Return the nets of one seed; RadiX-Nets are the same for every seed."""
    made = {
        f"random {said}": family_net("bernoulli", (n_inputs, 300, 100, 10), float(said), seed=seed)
        for said in (".01", ".05", ".1", ".5")
    }
    for name, dense_widths in (("RadiX .1", [8, 3, 1]), ("RadiX .1, 10 x wider", [8, 30, 1])):
        net = radix_net([[10, 10]], dense_widths)
        made[name] = append_dense(fit_widths(net, [n_inputs, *net.widths[1:]]), 10)
    return made


def train(options: argparse.Namespace, folder: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Train what is missing; return the rows of all seeds by recipe and logits layer."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, (base, changes) in RECIPES.items():
        for output_layer in ("as_masked", "dense"):
            said = changes | {"output_layer": output_layer, "n_steps": str(options.steps)}
            recipe = change_recipe(find_recipe(base, options.data), said)
            for seed in range(options.seeds):
                made = nets(64 if options.data == "digits" else 784, seed)
                left_out = LEFT_OUT.get((name, output_layer), LEFT_OUT["", output_layer])
                made = {key: net for key, net in made.items() if key not in left_out}
                place = folder / f"{name}-{output_layer}-{seed}".replace(" ", "-")
                make_bundle(made, options.data, recipe, place, seeds=(seed,))
                plan = RunPlan(place, options.data_dir, options.engine)
                for _ in train_bundle(plan):
                    pass
                rows = finished_rows(plan)
                found.setdefault((name, output_layer), []).extend(rows)
                print(f"{place.name} done", file=sys.stderr, flush=True)
    return found


def table(found: dict[tuple[str, str], list[dict[str, Any]]], output_layer: str) -> str:
    """Return the published values beside ours for each recipe, in percent."""
    lines = [
        "| net | published | ours, mean | 95 % prediction | | "
        + " | ".join(list(RECIPES)[1:])
        + " |",
        "| --- | ---: | ---: | ---: | --- | " + "---: | " * (len(RECIPES) - 1),
    ]
    for net, published in PUBLISHED.items():
        cells = [net, str(published)]
        for recipe in RECIPES:
            rows = [row for row in found[recipe, output_layer] if row["name"] == net]
            cells += cells_of(rows, published if recipe == "alford2018" else None)
        if set(cells[2:]) != {"-"}:
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def cells_of(rows: list[dict[str, Any]], published: float | None) -> list[str]:
    """Return the cells of a recipe: mean, and interval and place where a value is published."""
    if not rows:
        return ["-"] if published is None else ["-", "-", "-"]
    spread = spread_of([100 * (row["test_accuracy"] or 0.0) for row in rows])
    missing = sum(bool(row["classes_never_predicted"]) for row in rows)
    mean = f"{spread.mean:.2f}" + (f" ({missing}/{len(rows)})" if missing else "")
    if published is None:
        return [mean]
    if spread.low is None or spread.high is None:
        return [mean, "one seed", ""]
    low, high = max(spread.low, 0.0), min(spread.high, 100.0)
    place = "" if low <= published <= high else "below ours" if published < low else "above ours"
    return [mean, f"{low:.2f} to {high:.2f}", place]


def main() -> None:
    """Parse the options, train, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", help="folder with MNIST's four files; or TOPOGRAPH_DATA")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=15_000)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("-o", "--output", type=Path, help="folder for bundles and results")
    parser.add_argument("--quick", action="store_true", help="digits, few steps: seconds")
    options = parser.parse_args()
    options.data = "mnist"
    if options.quick:
        options.data, options.seeds, options.steps = "digits", 1, 20
        for name in ("linear logits", "and scaled", "and no decay"):
            del RECIPES[name]
        print("A trial on digits: the published values are those of MNIST.\n")
    with tempfile.TemporaryDirectory() as own:
        found = train(options, options.output or Path(own))
    print("In brackets: runs that never predict some class.\n")
    print("Logits layer masked as the others (random) or dense (RadiX):\n")
    print(table(found, "as_masked"))
    print("Logits layer dense:\n")
    print(table(found, "dense"))


if __name__ == "__main__":
    main()
