"""What a saved mask says of how it was made."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from topograph.pruning.record import PrunedMasks
from topograph.training.data.dataset import Dataset
from topograph.training.recipes import Recipe
from topograph.version import topograph_version


def pruning_provenance(
    pruned: PrunedMasks,
    *,
    model: str,
    data: Dataset,
    recipe: Recipe,
    n_steps: int,
    seed: int,
    device: str,
    accuracy: Mapping[str, float | None],
) -> dict[str, Any]:
    """Provenance of a pruned mask: all that is needed to make it again, and what came of it.

    No times and no paths: the same run gives the same provenance.

    Parameters
    ----------
    pruned : PrunedMasks
    model : str
        Name of the net.
    data : Dataset
    recipe : Recipe
    n_steps : int
        Length of each training.
    seed : int
    device : str
        Kind of device computed on: results differ between kinds in the last digits.
    accuracy : mapping of str to float or None
        Test accuracy by stage: ``dense``, ``pruned``, ``retrained``.
    """
    layers = {
        name.removesuffix(".weight"): {
            "asked": pruned.asked[name],
            "reached": reached,
            "kept": pruned.kept[name],
            "of": pruned.masks[name].numel(),
        }
        for name, reached in pruned.reached.items()
    }
    return {
        "method": pruned.method,
        "parameters": dict(pruned.parameters),
        "model": model,
        "data": data.provenance(),
        "recipe": recipe.provenance(),
        "n_steps": n_steps,
        "seed": seed,
        "device": device,
        "sparsity": {
            "asked": pruned.sparsity,
            "reached": pruned.sparsity_reached,
            "layers": layers,
        },
        "collapsed": [name.removesuffix(".weight") for name in pruned.collapsed],
        "accuracy": {stage: _finite(value) for stage, value in accuracy.items()},
        "versions": {
            "topograph": topograph_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 6)
