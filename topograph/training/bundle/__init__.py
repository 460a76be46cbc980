"""Bundles: masks, data and a recipe in a folder that travels to where they are trained."""

from topograph.training.bundle.collecting import collect_bundle, write_table
from topograph.training.bundle.making import make_bundle
from topograph.training.bundle.manifest import Manifest, MaskEntry, read_manifest
from topograph.training.bundle.results import read_results
from topograph.training.bundle.running import RunPlan, finished_rows, train_bundle
from topograph.training.bundle.summary import MaskSummary, Spread, spread_of, summarise

__all__ = [
    "Manifest",
    "MaskEntry",
    "MaskSummary",
    "RunPlan",
    "Spread",
    "collect_bundle",
    "finished_rows",
    "make_bundle",
    "read_manifest",
    "read_results",
    "spread_of",
    "summarise",
    "train_bundle",
    "write_table",
]
