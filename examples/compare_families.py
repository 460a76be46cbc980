"""Families of topologies and pruned masks at equal density in every layer of LeNet-300-100.

For densities from .5 to .01, each family is drawn with as many edges in each layer as a
uniform density gives (those that cannot have that many take the nearest, which is marked),
and a LeNet-300-100 is pruned on MNIST by each method. RadiX-Nets have sizes of their own:
the nearest that `suggest_radix` finds is taken, at its own widths.

The table says for each mask what part of its edges lies on paths, how many input-output
pairs have no path, how unevenly paths are spread over pairs, and how the gaps of the layers
and of the whole net compare.

    python examples/compare_families.py --data DIR -o table.csv
    python examples/compare_families.py --quick
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import topograph
from topograph.errors import ParameterError, Undefined
from topograph.generators import FAMILIES, family_net, radix_net
from topograph.radix import suggest_radix

DENSITIES = (0.5, 0.25, 0.1, 0.05, 0.02, 0.01)
WIDTHS = (784, 300, 100, 10)
COLUMNS = (
    "effective_density",
    "unconnected_pairs",
    "path_count_cv",
    "end_to_end_gap",
    "mean_layer_gap",
    "dead_outputs",
)
METHODS = ("magnitude", "iterative", "lottery", "random", "snip", "grasp", "synflow", "set", "rigl")
PER_LAYER = ("magnitude", "snip", "grasp", "lottery")  # these can be told to rank by layer,
ALLOCATED = ("random", "set", "rigl")  # these how to spread the density


def measured(graph: topograph.LayeredGraph) -> dict[str, float | None]:
    """Return the columns of one mask; None where a value is undefined."""
    metrics = topograph.metrics
    gaps = [value_of(metrics.spectral_gap, layer) for layer in graph.layers]
    return {
        "effective_density": metrics.effective_density(graph),
        "unconnected_pairs": 1.0 - metrics.connected_pair_fraction(graph),
        "path_count_cv": value_of(metrics.path_count_cv, graph),
        "end_to_end_gap": value_of(metrics.end_to_end_gap, graph),
        "mean_layer_gap": None if None in gaps else sum(gaps) / len(gaps),
        "dead_outputs": metrics.dead_outputs(graph),
    }


def value_of(metric: Any, subject: Any) -> Any:
    """Return the value of a metric, None where it is undefined."""
    try:
        return metric(subject)
    except Undefined:
        return None


def drawn(widths: tuple[int, ...], density: float, seeds: int) -> Iterator[dict[str, Any]]:
    """Give a row a family: means over seeds."""
    for name in FAMILIES:
        try:
            options = {"n": 1} if name == "n-m" and density <= 0.25 else {}  # 1:4, else 2:4
            nets = [
                family_net(name, widths, density, seed=seed, nearest=True, **options)
                for seed in range(seeds)
            ]
        except ParameterError as refused:
            yield {"mask": name, "density": density, "remark": refused.message}
            continue
        rows = [measured(net) for net in nets]
        means = {key: mean([row[key] for row in rows]) for key in COLUMNS}
        asked = nets[0].provenance["edges_asked"]
        equal = not FAMILIES[name].exact or [la.n_edges for la in nets[0].layers] == asked
        remark = "" if equal else "nearest density " + densities(nets[0])
        yield {"mask": name, "density": density, **means, "remark": remark}
    suggestion = suggest_radix(widths, density)[0]
    net = radix_net(suggestion.systems, suggestion.dense_widths)
    remark = "-".join(map(str, net.widths)) + ", density " + densities(net)
    yield {"mask": "radix", "density": density, **measured(net), "remark": remark}


def densities(net: topograph.LayeredGraph) -> str:
    """Return the density of each layer."""
    return ", ".join(f"{layer.n_edges / layer.n_possible_edges:.3g}" for layer in net.layers)


def mean(values: list[float | None]) -> float | None:
    """Return the mean; None if one is undefined."""
    return None if None in values else sum(values) / len(values)


def pruned(
    data: str, folder: str | None, levels: tuple[float, ...], n_steps: int | None
) -> Iterator[dict[str, Any]]:
    """Give a row a method and density: one training with the recipe `modern`, seed 0."""
    from topograph.pruning import PruningPlan, graph_of_masks, prune_levels
    from topograph.training import find_recipe, load_data

    images = load_data(data, folder)
    for method in METHODS:
        plan = PruningPlan(
            "lenet-300-100",
            images,
            method,
            tuple(1.0 - density for density in levels),
            find_recipe("modern", data),
            n_steps=n_steps,
            scope="layer" if method in PER_LAYER else None,
            allocation="uniform" if method in ALLOCATED else None,
            rounds=5 if method == "lottery" else None,
        )
        for density, level in zip(levels, prune_levels(plan), strict=True):
            graph = graph_of_masks(level.pruned, level.module)
            reached = {f"{la.n_edges / la.n_possible_edges:.2g}" for la in graph.layers}
            remark = "" if len(reached) == 1 else "densities " + densities(graph)
            mask = f"{method} (pruned)"
            yield {"mask": mask, "density": density, **measured(graph), "remark": remark}
        print(f"{method} done", file=sys.stderr, flush=True)


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table for each density."""
    lines = []
    titles = ["effective density", "unconnected pairs", "path CV", "end-to-end gap"]
    titles += ["mean layer gap", "dead outputs", ""]
    for density, group in itertools.groupby(rows, key=lambda row: row["density"]):
        lines += [f"\n## Density {density:g}\n", "| mask | " + " | ".join(titles) + " |"]
        lines.append("| --- | " + "---: | " * len(COLUMNS) + "--- |")
        for row in group:
            cells = [shown(row.get(key)) for key in COLUMNS]
            lines.append(f"| {row['mask']} | " + " | ".join([*cells, row["remark"]]) + " |")
    return "\n".join(lines) + "\n"


def shown(value: float | None) -> str:
    """Write a number for the table."""
    return "-" if value is None else f"{value:.3g}"


def main() -> None:
    """Parse the options, measure, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with MNIST's four files; or TOPOGRAPH_DATA")
    parser.add_argument("--seeds", type=int, default=3, help="of each family")
    parser.add_argument("--steps", type=int, help="of each training; the recipe's by default")
    parser.add_argument("-o", "--output", type=Path, help="write all rows as CSV")
    parser.add_argument("--quick", action="store_true", help="digits, two densities: seconds")
    options = parser.parse_args()
    widths, levels, data = WIDTHS, DENSITIES, "mnist"
    if options.quick:
        widths, levels, data = (64, 300, 100, 10), (0.25, 0.05), "digits"
        options.steps, options.seeds = options.steps or 40, 1
    rows = [row for density in levels for row in drawn(widths, density, options.seeds)]
    rows += pruned(data, options.data, levels, options.steps)
    rows.sort(key=lambda row: -row["density"])
    if options.output:
        with options.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["mask", "density", *COLUMNS, "remark"])
            writer.writeheader()
            writer.writerows(rows)
    print(markdown(rows))


if __name__ == "__main__":
    main()
