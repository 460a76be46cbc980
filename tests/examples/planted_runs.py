"""Rows of a study's table in which the numbers to be found are planted."""

from __future__ import annotations

import itertools

LOGITS, START, DECAY, DEAD = "relu_logits", "initialisation", "l2", "dead outputs"


def row(topology, accuracy, *, labelling=0, seed=0, rate=1.0, **more):
    """A training of the uniform family in one cell; accuracy None is a diverged run."""
    design = {
        "data": "mnist",
        "variant": "",
        "regime": "lenet",
        "stratum": "lenet 0.01",
        "n_classes": 10,
    }
    design |= {"family": "uniform", "role": "named", "base": "", "series": "", "dose": None}
    design |= {"topology": topology, "labelling": labelling, "seed": seed, "rate_factor": rate}
    design |= {"test_accuracy": accuracy, "validation_accuracy": accuracy}
    design |= {"diverged": accuracy is None, "predicts_all": accuracy is not None}
    design["edges.3"] = 10
    return design | more


def families():
    dead = {"metric.dead_outputs": 1, "metric.dead_inputs": 40}
    return [
        # balanced: (91 + 80) / 2 and 88.5
        row("b1", 0.9, family="balanced", **{"metric.dead_inputs": 10}),
        row("b1", 0.92, seed=1, family="balanced", **{"metric.dead_inputs": 10}),
        row("b1", 0.8, labelling=1, family="balanced", **{"metric.dead_inputs": 10}),
        row("b2", 0.999, rate=1.0, family="balanced", validation_accuracy=0.5),
        row("b2", 0.885, rate=3.0, family="balanced", validation_accuracy=0.6),
        # uniform: 80 and (70 + (80 + 90) / 2) / 2; the best rate of three is the middle one
        row("u1", 0.7, rate=0.3, validation_accuracy=0.6, **dead),
        row("u1", 0.8, rate=1.0, validation_accuracy=0.7, **dead),
        row("u1", 0.99, rate=3.0, validation_accuracy=0.7, **dead),
        row("u2", 0.7, **dead),
        row("u2", 0.8, labelling=1, predicts_all=False, **dead),
        row("u2", 0.9, labelling=1, seed=1, **dead),
        row("o1", None, stratum="alone", family="scale-free"),
    ]


def factorial(topology, accuracy, fails, *, dead=0, repaired=True, **more):
    """A topology and its twin under every combination: accuracy and failing say how they do."""
    rows = []
    for mended in itertools.product([False, True], repeat=4 if repaired else 3):
        names = set(itertools.compress((LOGITS, START, DECAY, DEAD), mended))
        factors = {
            "factor.relu_logits": LOGITS not in names,
            "factor.initialisation": "fan_in" if START in names else "truncated_normal",
            "factor.l2": 0.0 if DECAY in names else 0.004,
            "factor.repaired": DEAD in names if repaired else None,
            "variant": str(mended[:3]),
            "base": topology if DEAD in names else "",
            "n_edges": 12 if DEAD in names and dead else 10,
            "metric.dead_outputs": 0 if DEAD in names else dead,
        }
        name = f"{topology} repaired" if DEAD in names else topology
        for seed in (0, 1):
            value = (accuracy(names) + (1 if seed else -1)) / 100
            good = not fails(names)
            rows.append(row(name, value, seed=seed, predicts_all=good, **factors | more))
    return rows


def planted_factorial():
    def worth(names):
        parts = {LOGITS: 1, START: -2, DECAY: 4, DEAD: 8}
        return 50 + sum(parts[name] for name in names)

    large = {"repaired": False, "stratum": "large", "family": "RadiX"}
    here = {"family": "one-time pruned", "stratum": "uniform 0.01"}
    return [
        *factorial("open", lambda names: worth(names - {DEAD}), lambda n: LOGITS not in n, **here),
        *factorial("shut", worth, lambda names: not {LOGITS, DEAD} <= names, dead=3, **here),
        *factorial("plain", lambda _: 40, lambda _: True, **here | {"family": "random"}),
        *factorial("radix", lambda names: 90 if START in names else 10, lambda _: False, **large),
    ]
