"""Sets of labelled images from a local folder, hostile until read; nothing is downloaded."""

from topograph.training.data.dataset import Dataset
from topograph.training.data.loading import DATA_SETS, load_data
from topograph.training.data.preparation import prepare
from topograph.training.data.standardisation import CONSTANTS, UNIT_INTERVAL, Standardisation

__all__ = [
    "CONSTANTS",
    "DATA_SETS",
    "UNIT_INTERVAL",
    "Dataset",
    "Standardisation",
    "load_data",
    "prepare",
]
