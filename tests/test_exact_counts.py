from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.counting import exact_paths, totals
from topograph.counting.exact_counts import count_all_paths, extreme_counts
from topograph.export import comparison_to_table, to_csv, to_json, to_table
from topograph.generators import family_net
from topograph.graph import chain
from topograph.propagation import EXACT, arrive, exact_sum
from topograph.verification import check_radix
from topograph.verification.path_verdicts import symmetric_net, two_counts
from topograph.wording import count_of, count_text, spelled_count


@settings(max_examples=50)
@given(layered_graphs(), st.sampled_from(["forward", "backward"]))
def test_extremes_are_those_of_all_pairs(graph, direction):
    counts = np.array(naive.pair_counts(graph), dtype=object)
    if direction == "backward":
        counts = counts.T
    low, high = extreme_counts(graph, range(counts.shape[0]), direction, 40)
    assert low[0] == counts.min() == counts[low[1:]]
    assert high[0] == counts.max() == counts[high[1:]]


@settings(max_examples=20)
@given(st.integers(0, 2**16))
def test_long_counts_are_those_of_long_integers(seed):
    rng = np.random.default_rng(seed)
    graph = chain([Sparse.from_matrix(rng.random((9, 9)) < 0.6) for _ in range(60)])
    row = arrive(graph, np.eye(9, dtype=np.int64)[0], EXACT)
    low, high = extreme_counts(graph, [0], "forward", max(row).bit_length() + 1)
    assert low[0] == row[low[2]] == min(row)
    assert high[0] == row[high[2]] == max(row)


def test_a_difference_of_one_in_2_to_the_1000_is_seen():
    """Two units double; a third, which input 1 alone feeds, passes on its one path."""
    fork = Sparse.from_matrix(np.array([[1, 1, 0], [1, 1, 1]]))
    double = Sparse.from_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    graph = chain([fork, *[double] * 999, Sparse.from_matrix(np.ones((3, 1)))])
    low, high = extreme_counts(graph, [0, 1], "forward", 1002)
    assert (low, high) == ((2**1000, 0, 0), (2**1000 + 1, 1, 0))


def test_counts_of_any_length_are_written():
    longest = 3**30_000
    assert count_of(count_text(longest)) == longest
    assert count_text(10**4000) == "1" + 4000 * "0"
    verdict = symmetric_net(longest, None, "by hand")
    assert "Exactly 4.34151e14313 (14314 digits) paths" in verdict.statement
    assert math.isclose(verdict.facts["log10_paths_per_pair"], 30_000 * math.log10(3))
    near = two_counts((10**40 + 1, 0, 0), (10**40 + 7, 0, 1), "by hand")
    assert near.statement.endswith("1.00000e40 (41 digits). They differ by 6.")
    assert "2^20000" in two_counts((1, 0, 0), (2**20_000, 0, 1), "by hand").statement


@given(st.integers(-(10**60), 10**60) | st.integers(0, 600).map(lambda power: 2**power))
def test_integers_are_cut_off_and_not_rounded(count):
    written, digits = spelled_count(count), str(abs(count))
    if len(digits) <= 21:
        assert int(written.replace(",", "")) == count
    elif count > 0 and count.bit_count() == 1:
        assert written == f"2^{count.bit_length() - 1} ({len(digits)} digits)"
    else:
        sign = "-" if count < 0 else ""
        mantissa = f"{sign}{digits[0]}.{digits[1:6]}"
        assert written == f"{mantissa}e{len(digits) - 1} ({len(digits)} digits)"
    assert count_of(count_text(count)) == count


def test_reports_of_nets_of_any_depth_can_be_written():
    """64^2600 paths: more digits than Python writes by itself."""
    full = Sparse.from_matrix(np.ones((64, 64), dtype=bool))
    report = analyze(chain([full] * 2599), metrics=["path_count", "paths_per_pair_min"])
    assert report.measurement("path_count").value == 64**2600
    assert "2^15600 (4697 digits)" in to_table(report)
    for row in json.loads(to_json(report))["measurements"]:
        assert count_of(row["value"]) == 64 ** (2600 if row["metric"] == "path_count" else 2598)
    assert hex(64**2600) in to_csv(report)
    assert report.to_frame()["value"].to_list()[0] is None
    assert "2^15600" in comparison_to_table(compare([report, report]))
    assert check_radix(chain([full] * 2599)).facts["paths_per_pair"] == hex(64**2598)


@settings(max_examples=40)
@given(layered_graphs())
def test_residues_give_the_number_of_all_paths(graph):
    total = sum(map(sum, naive.pair_counts(graph)))
    assert count_all_paths(graph, total.bit_length() + 1) == total


def test_long_numbers_of_paths_are_joined_from_residues(monkeypatch):
    """An irregular net of 2^60-odd more paths than a float has digits for."""
    graph = family_net("uniform", [40] * 41, 0.3, seed=5)
    by_integers = exact_sum(arrive(graph, np.ones(40, dtype=np.int64), EXACT, "backward"))
    assert by_integers.bit_length() > 120
    assert count_all_paths(graph, by_integers.bit_length() + 1) == by_integers
    monkeypatch.setattr(totals, "_STEP_SECONDS", 1.0)  # integers seem dear: residues are taken
    assert exact_paths(graph.select_layers(1, 40)) == by_integers
