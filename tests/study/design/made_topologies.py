"""Topologies of a small study, made."""

from __future__ import annotations

from pathlib import Path

from tests.study.small_studies import study
from topograph.study.design.building import build
from topograph.study.design.topologies import topologies_of

NOWHERE = Path("none")


def dense(graph):
    return [layer.biadjacency.to_csr().toarray() for layer in graph.layers]


def built(**changes):
    return [(one, build(one, NOWHERE)) for one in topologies_of(study(**changes))]
