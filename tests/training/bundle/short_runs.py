"""Bundles of the digits that are trained in a moment."""

from __future__ import annotations

import dataclasses

from topograph.training import MODERN
from topograph.training.bundle import RunPlan, make_bundle

SHORT = dataclasses.replace(MODERN, n_epochs=None, n_steps=25)


def bundle(nets, folder, **options):
    return make_bundle(nets, "digits", SHORT, folder, **{"seeds": (0, 1), **options})


def plan(folder, **options):
    return RunPlan(folder, **{"engine": "dense", **options})


def comparable(rows):
    """Rows without what differs from run to run."""
    varying = {"seconds", "peak_memory_bytes", "members", "topograph"}
    kept = [{key: row[key] for key in row if key not in varying} for row in rows]
    return sorted(kept, key=lambda row: row["key"])
