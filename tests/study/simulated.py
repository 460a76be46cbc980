"""Studies with known truth."""

from __future__ import annotations

import numpy as np

from topograph.study.statistics import StudyTable


def nets(random, *, n_topologies=12, n_strata=2, n_seeds=4, class_share=0.6, effect=0.0, n=1):
    """Columns of a study: ``n`` independent properties, of which the first has an effect.

    ``effect`` is the correlation of the first property with the effect of the topology.
    """
    count = n_topologies * n_strata
    properties = random.standard_normal((n, count))
    topology_effect = effect * properties[0] + np.sqrt(1 - effect**2) * random.standard_normal(
        count
    )
    seeds = np.repeat(np.arange(count), n_seeds)
    stratum = seeds // n_topologies
    outcome = (
        np.sqrt(class_share) * topology_effect[seeds]
        + np.sqrt(1 - class_share) * random.standard_normal(seeds.size)
        + 3.0 * stratum
    )
    return properties[:, seeds], outcome, stratum, seeds


def table(seed=0, *, n_environments=2, n=3, effect=0.7, gaps=False, **design):
    """A study table: strata 0 and 1 everywhere, one family in four."""
    random = np.random.default_rng(seed)
    parts = []
    for environment in range(n_environments):
        properties, outcome, stratum, topology = nets(random, n=n, effect=effect, **design)
        parts.append((properties, outcome, stratum, topology + 1000 * environment))
    properties = np.concatenate([part[0] for part in parts], axis=1)
    outcome, stratum, topology = (np.concatenate([part[at] for part in parts]) for at in (1, 2, 3))
    first = np.unique(topology, return_index=True)[1]
    columns = {
        "outcome": outcome,
        "stratum": stratum,
        "topology": topology,
        "labelling": np.zeros(outcome.size, dtype=int),
        "seed": np.arange(outcome.size) - first[np.unique(topology, return_inverse=True)[1]],
        "family": np.array([f"family {one % 4}" for one in topology]),
        "environment": np.array([f"data {one // 1000}" for one in topology]),
        "log_edges": stratum.astype(float),
        "predicts_all": outcome - 3.0 * stratum + random.standard_normal(outcome.size) > -0.8,
    }
    names = [f"property_{at}" for at in range(n)]
    columns |= dict(zip(names, properties, strict=True))
    if gaps:
        columns[names[-1]] = np.where(topology % 5 == 0, np.nan, columns[names[-1]])
    return StudyTable(columns, names, ["log_edges"])
