"""Data, models, masks on weights and a training loop; all of it needs PyTorch."""

from topograph.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401  asked for here, so that its absence is one sentence
except ImportError as error:
    raise MissingExtraError.of("torch", "train") from error

from topograph.training.data import DATA_SETS, Dataset, load_data, prepare
from topograph.training.evaluating import evaluate
from topograph.training.fitting import FitRecord, fit
from topograph.training.initialisation import initialise
from topograph.training.masking import (
    apply_masks,
    check_zeros_outside,
    mask_gradients,
    prunable_parameters,
)
from topograph.training.models import MODELS, build_model
from topograph.training.recipes import ALFORD_2018, MODERN, RECIPES, Recipe, find_recipe

__all__ = [
    "ALFORD_2018",
    "DATA_SETS",
    "MODELS",
    "MODERN",
    "RECIPES",
    "Dataset",
    "FitRecord",
    "Recipe",
    "apply_masks",
    "build_model",
    "check_zeros_outside",
    "evaluate",
    "find_recipe",
    "fit",
    "initialise",
    "load_data",
    "mask_gradients",
    "prepare",
    "prunable_parameters",
]
