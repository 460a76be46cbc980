"""Collected rows of a study whose truth is known: connected pairs matter, the gap does not."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from topograph.study.design.study_files import study_of

FAMILIES = (
    "balanced", "banded", "biregular", "butterfly", "continuous", "monarch", "ramanujan", "uniform",
)  # fmt: skip
DENSITIES = (0.01, 0.03, 0.1)
DATA = ("digits", "fashion-mnist", "mnist")
PROPERTIES = (
    "connected_pair_fraction",
    "end_to_end_gap",
    "spectral_gap.min",
    "path_count_cv",
    "output_fan_in_min",
)
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
    """Rows as `collect` gives them: ``effect`` is the correlation of pairs and accuracy."""
    random = np.random.default_rng(seed)
    rows = []
    for density in DENSITIES:
        for at, family in enumerate(FAMILIES):
            for number in range(n_topologies):
                design = _design(random, f"{family} {density} {number}", family, density, "sampled")
                score = effect * design["score"]
                score += math.sqrt(1 - effect**2) * random.standard_normal()
                rows += _trained(random, design, score, data, n_labellings, n_seeds, rate_factors,
                                 failing and at >= 6)  # fmt: skip
    if doses:
        for base in range(4):
            for step in range(5):
                name = f"dose {base} {step}"
                design = _design(random, name, "moved pairs", 0.01, "dose")
                design |= {"base": _identity(f"uniform 0.01 {base}"), "series": f"series {base}"}
                design |= {"dose": 0.2 + 0.15 * step, "moved": "connected_pair_fraction"}
                rows += _trained(
                    random, design, step - 2 + 0.3 * base, data, 1, n_seeds, rate_factors, False
                )
    for row in rows:
        del row["score"]
    return rows


def factorial_rows(seed=0, *, n_topologies=4, n_seeds=2):
    """Rows of a factorial study: the initialisation matters, the decay does not."""
    random = np.random.default_rng(seed)
    rows = []
    for at in range(n_topologies):
        design = _design(random, f"factorial {at}", FAMILIES[at % 4], 0.01, "sampled")
        for initialisation in ("truncated_normal", "fan_in"):
            for l2 in (0.0, 0.1):
                more = {"factor.initialisation": initialisation, "factor.l2": l2}
                more |= {"variant": f"{initialisation} {l2:g}"}
                score = 2.0 * (initialisation == "fan_in") + 0.5 * at
                rows += _trained(
                    random, design | more, score, ("digits",), 1, n_seeds, (1.0,), False
                )
    for row in rows:
        del row["score"]
    return rows


def specification(**changes):
    """The study that the rows could have come from, with few permutations."""
    said = {
        "name": "connectivity",
        "question": "Does connectivity predict accuracy at equal density?",
        "data": list(DATA),
        "seeds": 2,
        "regimes": [{"name": "lenet", "widths": [784, 300, 100], "densities": list(DENSITIES)}],
        "topologies": [
            {"family": family, "count": 3, "relabellings": at % 2}
            for at, family in enumerate(FAMILIES)
        ],
        "doses": [
            {
                "name": "moved pairs",
                "regime": "lenet",
                "density": 0.01,
                "family": "uniform",
                "moved": "connected_pair_fraction",
                "held": ["spectral_gap"],
                "bases": 4,
                "n_steps": 5,
            }
        ],
        "statistics": {
            "primaries": list(PROPERTIES[:3]),
            "exploratory": list(PROPERTIES[3:]),
            "n_permutations": 199,
            "n_resamples": 100,
            "baseline": "uniform",
        },
    }
    return study_of(said | changes)


def _identity(name):
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _design(random, name, family, density, role):
    values = random.standard_normal(len(PROPERTIES))
    n_edges = round(density * 266_200)
    metrics = {f"metric.{one}": float(value) for one, value in zip(PROPERTIES, values, strict=True)}
    return metrics | {
        "score": float(values[0]),
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
        "n_layers": 2,
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
