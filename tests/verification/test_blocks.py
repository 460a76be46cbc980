"""Connectedness looked at in blocks of 64 units."""

from __future__ import annotations

import numpy as np
import pytest

from topograph.biadjacency import Sparse
from topograph.graph import chain
from topograph.verification import blocks
from topograph.verification.blocks import connectedness_by_blocks


def test_the_time_of_the_blocks_left_is_one_word_an_edge_and_64_units(monkeypatch):
    mask = np.ones((200, 200))
    graph = chain(
        [
            Sparse.from_matrix(mask * (np.arange(200) % 7 > 0) + np.eye(200)),
            Sparse.from_matrix(mask),
        ]
    )
    monkeypatch.setattr(blocks, "_WORD_SECONDS", 1e-3)
    monkeypatch.setattr(blocks, "BLOCKS_SECONDS", 0.0)
    monkeypatch.setattr(blocks, "_sweep", lambda graph, _, full, __: (full[None, :], graph.work))
    left = -(-(200 - 64) // 64)  # words of the 136 units that are left
    verdict = blocks.connectedness_by_blocks(graph, 0)
    assert f"would take about {graph.work * left * 1e-3:.0f} s" in verdict.statement


def test_the_method_tells_how_many_units_were_looked_at():
    graph = chain([Sparse.from_matrix(np.ones((5, 5)))])
    verdict = blocks.connectedness_by_blocks(graph, 0, np.array([1, 3]))
    assert verdict.method == "hub units, and reachability of the other 2 units"


@pytest.mark.parametrize("output", range(0, 400, 40))
def test_the_gap_is_named_in_whatever_word_its_unit_is(output):
    mask = np.ones((500, 400))
    mask[77, output] = 0
    found = connectedness_by_blocks(chain([Sparse.from_matrix(mask)]), 0)
    assert (found.facts["input"], found.facts["output"]) == (77, output)
