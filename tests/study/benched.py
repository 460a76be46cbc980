"""Small real topologies with their makings, and simulated accuracies whose cause is known."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np

from topograph.metrics import connected_pair_fraction, path_count_cv
from topograph.study.design.building import net_of
from topograph.study.design.specification import Regime, Specification, TopologySource, Variant
from topograph.study.design.topologies import topologies_of
from topograph.training.recipes import find_recipe

FAMILIES = ("uniform", "balanced", "scale-free", "continuous")


@functools.cache
def designed(count=5):
    """Topologies of four families at two densities, with their nets."""
    specification = Specification(
        name="small",
        question="Does reach matter?",
        data=("digits", "mnist"),
        variants=(Variant("", find_recipe("modern", "mnist")),),
        seeds=(0, 1),
        regimes=(Regime("small", (16, 12, 8), (0.15, 0.25)),),
        topologies=tuple(TopologySource(name, name, count, role="sampled") for name in FAMILIES),
    )
    return [(one, net_of(one.making, Path())) for one in topologies_of(specification)]


def rows(seed=0, *, effect=0.9, noise=0.3, rate_factors=(1.0,), count=5, data=("digits", "mnist")):
    """Rows as `collect` gives them; reach has a correlation with the effect of the topology."""
    random = np.random.default_rng(seed)
    nets = designed(count)
    reach = np.array([connected_pair_fraction(graph) for _, graph in nets])
    strata = [topology.stratum for topology, _ in nets]
    for stratum in set(strata):
        here = np.array([one == stratum for one in strata])
        reach[here] = (reach[here] - reach[here].mean()) / reach[here].std()
    found = []
    for (topology, graph), score in zip(nets, reach, strict=True):
        own = effect * score + math.sqrt(1 - effect**2) * random.standard_normal()
        design = {
            "topology": topology.key,
            "labelling": topology.labelling,
            "variant": "",
            "making": json.dumps(topology.making),
            **{name: getattr(topology, name) for name in ("regime", "stratum", "family", "role")},
            "n_layers": len(graph.layers),
            "n_edges": graph.n_edges,
            **{f"edges.{at}": layer.n_edges for at, layer in enumerate(graph.layers, 1)},
            "metric.path_count_cv": path_count_cv(graph),
        }
        for place in data:
            for training in (0, 1):
                for factor in rate_factors:
                    accuracy = 0.8 + 0.02 * (own + noise * random.standard_normal())
                    accuracy -= 0.05 * abs(math.log(factor / 3)) if len(rate_factors) > 1 else 0
                    found.append(
                        design
                        | {"data": place, "seed": training, "rate_factor": factor}
                        | {"test_accuracy": accuracy, "validation_accuracy": accuracy}
                        | {"predicts_all": True, "n_classes": 10}
                    )
    return found


REACH = '''"""Which pairs are connected?"""

from __future__ import annotations

from topograph import LayeredGraph
from topograph.metrics import connected_pair_fraction


def _share(graph):
    return connected_pair_fraction(graph)


def my_reach(graph: LayeredGraph) -> float:
    """Share of the pairs of input and output with a path."""
    return _share(graph)
'''

CHANCE = """from topograph.digest import mask_digest


def chance(graph):
    return int(mask_digest(graph)[:8], 16)
"""
