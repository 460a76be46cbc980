"""Time the generators beside networkx and igraph, in one run.

The first table draws a layer of 65536 x 65536 units with 32 edges a unit from each family. The
second does a job at a size that networkx and igraph can do too, the best of several interleaved
repeats. Machines are noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import igraph
import networkx as nx
import numpy as np

from topograph.biadjacency import Sparse
from topograph.generators import FAMILIES, degree_preserving_twin, radix_net
from topograph.generators.degree_family import biregular_layer
from topograph.graph import LayeredGraph, chain


@dataclass
class Job:
    """One job and how others do it."""

    name: str
    ours: Callable[[], object]
    theirs: dict[str, Callable[[], object]]


def main() -> None:
    """Print both tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=65536)
    parser.add_argument("--fan", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES))
    options = parser.parse_args()
    _families(options.width, options.fan, options.families)
    _beside_others(options.repeats)


def _families(width: int, fan: int, names: list[str]) -> None:
    print(f"Layers of {width} x {width} units with {fan} edges a unit.\n")  # noqa: T201
    print("| family | seconds | edges | peak of the process so far |")  # noqa: T201
    print("| --- | ---: | ---: | ---: |")  # noqa: T201
    for name in names:
        chosen, wish = FAMILIES[name], width * fan
        given = {"n": 1, "m": width // fan} if name == "n-m" else {}
        counts: tuple[int, ...] = (wish,)
        if chosen.reachable is not None:
            counts = chosen.reachable(width, width, wish, **given)
        n_edges = min(counts, key=lambda count: abs(count - wish))
        if n_edges > 2 * wish:
            print(f"| {name} | | none below {n_edges:,} | |")  # noqa: T201
            continue
        began = time.perf_counter()
        rng = np.random.default_rng(0)
        layer = chosen.layer(width, width, n_edges, rng, **given).biadjacency
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        row = f"| {name} | {seconds:.2f} | {layer.n_edges:,} | {peak:.2f} GB |"
        print(row, flush=True)  # noqa: T201
    began = time.perf_counter()
    listed = radix_net([[fan, width // fan]]).layers[0].biadjacency.to_csr()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"| radix, edges listed | {seconds:.2f} | {listed.nnz:,} | {peak:.2f} GB |")  # noqa: T201


def _beside_others(repeats: int) -> None:
    print("\n| job | topograph | beside it | | ratio |")  # noqa: T201
    print("| --- | ---: | --- | ---: | ---: |")  # noqa: T201
    for job in (_drawing(2000, 8), _drawing(65536, 32), _rewiring(2000, 8), _rewiring(20_000, 16)):
        ours: list[float] = []
        others: dict[str, list[float]] = {name: [] for name in job.theirs}
        for _ in range(repeats):
            ours.append(_seconds(job.ours))
            for name, theirs in job.theirs.items():
                others[name].append(_seconds(theirs))
        for name, taken in others.items():
            ratio = min(taken) / min(ours)
            print(  # noqa: T201
                f"| {job.name} | {1e3 * min(ours):.1f} ms | {name} | {1e3 * min(taken):.1f} ms "
                f"| {ratio:.1f} |",
                flush=True,
            )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _drawing(width: int, fan: int) -> Job:
    fans = [fan] * width
    seeds = itertools.count()

    def by_networkx() -> object:  # a multigraph: edges that come twice are not repaired
        return nx.bipartite.configuration_model(fans, fans, seed=next(seeds))

    def by_igraph(method: str) -> Callable[[], object]:
        out, into = fans + [0] * width, [0] * width + fans

        def draw() -> object:
            random.seed(next(seeds))
            return igraph.Graph.Degree_Sequence(out, into, method=method)

        return draw

    theirs = {"igraph, edges may come twice": by_igraph("configuration")}
    if width * fan < 100_000:
        theirs["igraph, simple"] = by_igraph("fast_heur_simple")
        theirs["networkx, edges may come twice"] = by_networkx
    return Job(
        f"biregular layer of {width * fan:,} edges",
        lambda: biregular_layer(width, width, width * fan, np.random.default_rng(next(seeds))),
        theirs,
    )


def _rewiring(width: int, fan: int) -> Job:
    seeds = itertools.count()
    net = chain([biregular_layer(width, width, width * fan, np.random.default_rng(0))])
    n_swaps = 10 * net.n_edges

    def by_igraph() -> object:
        made = igraph.Graph(2 * width, _ends(net), directed=True)
        random.seed(next(seeds))
        made.rewire(n_swaps)
        return made

    def by_networkx() -> object:  # of an undirected graph: both levels are mixed up
        made = nx.Graph(_ends(net))
        return nx.double_edge_swap(made, n_swaps, max_tries=100 * n_swaps, seed=next(seeds))

    theirs = {"igraph rewire": by_igraph}
    if net.n_edges < 100_000:
        theirs["networkx double_edge_swap"] = by_networkx
    return Job(
        f"ten swaps for each of {net.n_edges:,} edges",
        lambda: degree_preserving_twin(net, next(seeds)),
        theirs,
    )


def _ends(net: LayeredGraph) -> list[tuple[int, int]]:
    layer = net.layers[0].biadjacency
    assert isinstance(layer, Sparse)
    rows, columns = layer.to_csr().nonzero()
    return list(zip(rows.tolist(), (columns + layer.shape[0]).tolist(), strict=True))


if __name__ == "__main__":
    main()
