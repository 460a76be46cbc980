"""Compare RadiX-Nets with random nets of the same degrees: end to end, and layer by layer.

Every net of one size has the same widths, the same edges, the same fan-in and fan-out of every
unit, and so the same number of paths. Three families:

- RadiX: as defined (Kepner & Robinett, arXiv 1905.00416);
- shuffled: the same layers, the units of every hidden level in a random order between them,
  so that each layer keeps its spectrum and only their composition is random;
- biregular: every layer a random bipartite graph of these degrees.

The table shows how evenly the paths are spread over input-output pairs, and the spectral gap
of every layer; means over the nets of a family. The two say opposite things about RadiX-Nets.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

import topograph
from topograph.biadjacency import Sparse
from topograph.generators import radix_net
from topograph.metrics import connected_pair_fraction, path_count_cv, spectral_gap

SIZES = {
    "N = 100, d = 10, depth 2": [[10, 10]],
    "N = 100, d = 10, depth 3": [[10, 10], [10]],
    "N = 64, d = 2, depth 6": [[2, 2, 2, 2, 2, 2]],
}
SWITCHES_PER_EDGE = 10


def main(arguments: list[str] | None = None) -> None:
    """Print the comparison as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nets", type=int, default=20, help="random nets of each family and size")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="3 random nets")
    options = parser.parse_args(arguments)
    n_nets = 3 if options.quick else options.nets
    if n_nets < 1:
        parser.error(f"--nets must be at least 1, but it is {n_nets}.")
    print(
        "| net | family | nets | path_count_cv | unconnected pairs | spectral_gap of each layer |"
    )
    print("|---|---|---|---|---|---|")
    for place, (size, systems) in enumerate(SIZES.items()):
        radix = radix_net(systems)
        rng = np.random.default_rng([options.seed, place])
        families = {
            "RadiX": [radix],
            "shuffled": [shuffled(radix, rng) for _ in range(n_nets)],
            "biregular": [biregular(radix, rng) for _ in range(n_nets)],
        }
        for family, nets in families.items():
            print(f"| {size} | {family} | {len(nets)} | {' | '.join(row(nets))} |")


def row(nets: list[topograph.LayeredGraph]) -> list[str]:
    """Return the cells of one family: means over its nets."""
    unconnected = np.mean([1 - connected_pair_fraction(net) for net in nets])
    gaps = np.mean([[spectral_gap(layer) for layer in net.layers] for net in nets], axis=0)
    return [
        f"{np.mean([path_count_cv(net) for net in nets]):.2f}",
        f"{100 * unconnected:.0f} %",
        ", ".join(f"{gap:.2f}" for gap in gaps),
    ]


def shuffled(radix: topograph.LayeredGraph, rng: np.random.Generator) -> topograph.LayeredGraph:
    """Permute the rows of every layer but the first: its source level is in another order."""
    first, *others = (layer.biadjacency for layer in radix.layers)
    permuted = [replace(layer, row_order=rng.permutation(layer.shape[0])) for layer in others]
    return topograph.chain([first, *permuted])


def biregular(radix: topograph.LayeredGraph, rng: np.random.Generator) -> topograph.LayeredGraph:
    """Switch pairs of edges of every layer at random; all degrees stay."""
    return topograph.chain([switched(layer, rng) for layer in radix.layers])


def switched(layer: topograph.Layer, rng: np.random.Generator) -> Sparse:
    """Replace edges (a, i), (b, j) by (a, j), (b, i) where both are new, many times."""
    matrix = layer.biadjacency.to_csr().tocoo()
    edges = list(zip(matrix.row.tolist(), matrix.col.tolist(), strict=True))
    present = set(edges)
    for one, other in rng.integers(len(edges), size=(SWITCHES_PER_EDGE * len(edges), 2)).tolist():
        (a, i), (b, j) = edges[one], edges[other]
        if (a, j) in present or (b, i) in present:
            continue
        present -= {(a, i), (b, j)}
        present |= {(a, j), (b, i)}
        edges[one], edges[other] = (a, j), (b, i)
    sources, targets = zip(*edges, strict=True)
    return Sparse.from_edges(sources, targets, shape=layer.shape)


if __name__ == "__main__":
    main()
