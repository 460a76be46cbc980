"""Studies of the digits that are trained in a moment."""

from __future__ import annotations

from topograph.study.design.preregistration import register
from topograph.study.design.study_files import study_of

RECIPE = {"base": "modern", "n_steps": 20}
REGIME = {"name": "small", "widths": [64, 24, 16, 10], "densities": [0.25]}
UNIFORM = {"family": "uniform", "count": 2}
DOSES = {
    "name": "reach",
    "regime": "small",
    "density": 0.25,
    "family": "uniform",
    "moved": "path_count_cv",
    "held": [],
    "bases": 1,
}
FILE = """
name = "small"
seeds = 2
n_validation = 200
rate_factors = [1.0, 4.0]

[recipe]
base = "modern"
n_steps = 20

[[regimes]]
name = "small"
widths = [64, 24, 16, 10]
densities = [0.25]

[[topologies]]
family = "uniform"
count = {count}

[[topologies]]
family = "balanced"
relabellings = 1
"""


def said(**changes):
    """What a file of a study says."""
    return {
        "name": "small",
        "recipe": RECIPE,
        "regimes": [REGIME],
        "topologies": [UNIFORM],
        **changes,
    }


def study(**changes):
    return study_of(said(**changes))


def place(folder, **options):
    from topograph.study.execution.chunk_training import Place

    return Place(folder, **{"device": "cpu", "engine": "sparse", **options})


def run(specification, folder, **resources):
    """Register a study, train it, and say how many nets were trained."""
    from topograph.study.execution.running import Resources, run_study

    register(specification, folder, amend=True)
    return run_study(specification, place(folder), Resources(**resources))


def comparable(rows):
    """Rows by key, without what differs from run to run."""
    varying = {"seconds", "members", "device"}
    return {
        row["key"]: {name: value for name, value in row.items() if name not in varying}
        for row in rows
    }
