"""Masks from weights, gradients or training: one method a module.

Every method works on any ``nn.Module`` through the weights of its linear and convolution
layers, keeps exactly as many of them as asked, and returns a `PrunedMasks`.
"""

import topograph.training as _training  # noqa: F401  says in one sentence if torch is missing
from topograph.pruning.calibration import calibration_batch
from topograph.pruning.checkpoints import (
    CHECKPOINT_METHODS,
    PrunedStateDict,
    prune_state_dict,
    read_to_prune,
    write_pruned,
)
from topograph.pruning.grasp import prune_grasp
from topograph.pruning.iterative import cubic_sparsity, prune_iterative
from topograph.pruning.levels import METHODS, PrunedLevel, PruningPlan, prune_levels, train_dense
from topograph.pruning.lottery import prune_lottery
from topograph.pruning.magnitude import prune_magnitude
from topograph.pruning.random_masks import prune_random
from topograph.pruning.record import PrunedMasks
from topograph.pruning.rigl import cosine_fraction, train_rigl
from topograph.pruning.saving import graph_of_masks, save_masks
from topograph.pruning.set_training import train_set
from topograph.pruning.snip import prune_snip
from topograph.pruning.synflow import prune_synflow

__all__ = [
    "CHECKPOINT_METHODS",
    "METHODS",
    "PrunedLevel",
    "PrunedMasks",
    "PrunedStateDict",
    "PruningPlan",
    "calibration_batch",
    "cosine_fraction",
    "cubic_sparsity",
    "graph_of_masks",
    "prune_grasp",
    "prune_iterative",
    "prune_levels",
    "prune_lottery",
    "prune_magnitude",
    "prune_random",
    "prune_snip",
    "prune_state_dict",
    "prune_synflow",
    "read_to_prune",
    "save_masks",
    "train_dense",
    "train_rigl",
    "train_set",
    "write_pruned",
]
