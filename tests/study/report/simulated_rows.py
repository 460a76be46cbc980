"""Collected rows of a study whose truth is known: reach raises accuracy, balance does nothing."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from topograph.study.report.observations import accuracy_of, environments
from topograph.study.statistics import StudyTable, analyse

FAMILIES = ("banded", "biregular", "butterfly", "cells", "continuous", "expander", "random", "radix")
DENSITIES = (0.01, 0.03, 0.1)
DATA = ("digits", "fashion", "mnist")
PROPERTIES = ("reach", "balance", "layer_gap", "path_count_cv", "fan_in_min")
CLASS_SPREAD = {0.01: 0.06, 0.03: 0.03, 0.1: 0.002}  # nothing to explain in the densest stratum


def simulated_rows(
    seed=0,
    *,
    n_topologies=3,
    n_labellings=1,
    n_seeds=2,
    rate_factors=(1.0,),
    data=DATA,
    effect=0.8,
    failing=True,
    doses=True,
):
    """Rows as `collect` gives them: ``effect`` is the correlation of reach and topology."""
    random = np.random.default_rng(seed)
    rows = []
    for density in DENSITIES:
        for at, family in enumerate(FAMILIES):
            for number in range(n_topologies):
                design = _design(random, f"{family} {density} {number}", family, density, "sampled")
                score = effect * design["metric.reach.z"]
                score += math.sqrt(1 - effect**2) * random.standard_normal()
                rows += _trained(random, design, score, data, n_labellings, n_seeds, rate_factors,
                                 failing and at >= 6)  # fmt: skip
    if doses:
        for base in range(4):
            for step in range(5):
                name = f"dose {base} {step}"
                design = _design(random, name, "moved reach", 0.01, "dose")
                design |= {"base": _identity(f"random 0.01 {base}"), "series": f"series {base}"}
                design |= {"dose": 0.2 + 0.15 * step, "moved": "reach"}
                rows += _trained(
                    random, design, step - 2 + 0.3 * base, data, 1, n_seeds, rate_factors, False
                )
    for row in rows:
        del row["metric.reach.z"]
    return rows


def factorial_rows(seed=0, *, n_topologies=4, n_seeds=2):
    """Rows of a factorial study: the initialisation matters, the decay does not."""
    random = np.random.default_rng(seed)
    rows = []
    for at in range(n_topologies):
        design = _design(random, f"factorial {at}", FAMILIES[at % 4], 0.01, "sampled")
        for initialisation in ("kaiming", "fan_in"):
            for l2 in (0.0, 0.1):
                more = {"factor.initialisation": initialisation, "factor.l2": l2}
                more |= {"variant": f"{initialisation} {l2:g}"}
                score = 2.0 * (initialisation == "fan_in") + 0.5 * at
                rows += _trained(
                    random, design | more, score, ("digits",), 1, n_seeds, (1.0,), False
                )
    for row in rows:
        del row["metric.reach.z"]
    return rows


def study_table(rows):
    """The table of the rows of which none is of a dose series."""
    kept = [row for row in rows if row["role"] != "dose"]
    columns = {
        "outcome": [accuracy_of(row) for row in kept],
        "environment": environments(kept),
        "log_edges": [math.log(row["n_edges"]) for row in kept],
        "predicts_all": [row["predicts_all"] for row in kept],
    }
    for name in ("stratum", "topology", "labelling", "seed", "family"):
        columns[name] = [row[name] for row in kept]
    for name in PROPERTIES:
        columns[name] = [
            math.nan if row[f"metric.{name}"] is None else row[f"metric.{name}"] for row in kept
        ]
    return StudyTable(columns, PROPERTIES, ["log_edges"])


def findings_of(rows, **settings):
    """What quick tests find: three primaries, two exploratory properties."""
    quick = {"n_permutations": 199, "n_resamples": 100} | settings
    return analyse(study_table(rows), PROPERTIES[:3], PROPERTIES[3:], **quick)


SPECIFICATION = {
    "name": "reach",
    "question": "Does reach predict accuracy at equal density?",
    "data": list(DATA),
    "confirmation": ["mnist"],
    "variants": [
        {"name": "modern", "recipe": {"name": "modern", "optimizer": "adam", "epochs": 10}, "factors": {}}
    ],
    "seeds": [0, 1],
    "rate_factors": [0.5, 1.0],
    "n_validation": 5000,
    "relabellings": 1,
    "regimes": [
        {
            "name": "lenet",
            "widths": [784, 300, 100, 10],
            "densities": list(DENSITIES),
            "allocation": "uniform",
            "append_dense": None,
            "data": [],
        }
    ],
    "topologies": [
        {
            "name": name,
            "family": name,
            "count": 3,
            "options": {},
            "widths": [],
            "regimes": [],
            "densities": [],
            "relabellings": None,
            "degree_twins": 1 if name == "banded" else 0,
            "density_twins": 0,
            "repaired": False,
            "own_edges": name == "radix",
            "role": "sampled",
            "first_seed": 0,
        }
        for name in FAMILIES
    ],
    "doses": [
        {
            "name": "moved reach",
            "regime": "lenet",
            "density": 0.01,
            "family": "random",
            "moved": "reach",
            "held": ["layer_gap"],
            "bases": 4,
            "n_steps": 5,
            "tolerance": 0.02,
            "options": {},
            "first_seed": 0,
        }
    ],
    "statistics": {
        "primaries": list(PROPERTIES[:3]),
        "exploratory": list(PROPERTIES[3:]),
        "composites": {"bottleneck": ["reach", "-path_count_cv"]},
        "n_permutations": 199,
        "n_resamples": 100,
        "level": 0.95,
        "least_class_share": 0.2,
        "collinear_above": 0.8,
        "baseline": "random",
        "seed": 0,
    },
}


def _identity(name):
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _design(random, name, family, density, role):
    values = random.standard_normal(len(PROPERTIES))
    n_edges = round(density * 266_200)
    metrics = {f"metric.{one}": float(value) for one, value in zip(PROPERTIES, values, strict=True)}
    return metrics | {
        "metric.reach.z": float(values[0]),
        "topology": _identity(name),
        "variant": "",
        "regime": "lenet",
        "stratum": f"lenet {density:g}",
        "family": family,
        "role": role,
        "base": "",
        "series": "",
        "dose": None,
        "moved": "",
        "n_edges": n_edges,
        "edges.1": n_edges // 2,
        "edges.2": n_edges - n_edges // 2,
        "density": n_edges / 266_200,
        "n_classes": 10,
    }


def _trained(random, design, score, data, n_labellings, n_seeds, rate_factors, failing):
    density = design["density"]
    spread = CLASS_SPREAD[min(CLASS_SPREAD, key=lambda one: abs(one - density))]
    rows = []
    for at, place in enumerate(data):
        level = 0.97 - 0.06 * at - 0.3 * (0.01 / density) ** 0.7 + spread * score
        for labelling in range(n_labellings):
            shift = 0.3 * spread * random.standard_normal()
            for seed in range(n_seeds):
                for factor in rate_factors:
                    accuracy = level + shift - 0.02 * math.log2(factor) ** 2
                    accuracy += 0.012 * random.standard_normal()
                    rows.append(design | _outcome(random, place, labelling, seed, factor, accuracy,
                                                  failing and density < 0.02))  # fmt: skip
    return rows


def _outcome(random, data, labelling, seed, factor, accuracy, failing):
    diverged = bool(failing and random.random() < 0.1)
    missing = bool(failing and not diverged and random.random() < 0.3)
    accuracy = min(0.995, max(0.05, accuracy - 0.1 * missing))
    return {
        "unit": f"{data} {labelling} {seed} {factor}",
        "data": data,
        "labelling": labelling,
        "seed": seed,
        "rate_factor": factor,
        "test_accuracy": None if diverged else accuracy,
        "validation_accuracy": None if diverged else accuracy,
        "diverged": diverged,
        "predicts_all": not (diverged or missing),
        "classes_never_predicted": None if diverged else int(missing),
    }
