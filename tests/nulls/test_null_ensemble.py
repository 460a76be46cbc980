"""Nets beside their null nets."""

import json
import sys

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import layered_graphs
from topograph import toy
from topograph.analysis import analyze, measure
from topograph.biadjacency import Convolution, Sparse
from topograph.errors import MissingExtraError, ParameterError
from topograph.generators import family_net, radix_net
from topograph.graph import LayeredGraph, chain
from topograph.metrics import METRICS, find_metric, metric, path_count_cv
from topograph.nulls import NULL_KINDS, null_ensemble, null_net, significance

kinds = st.sampled_from(NULL_KINDS)
ON_REQUEST = {"modularity", "community_count"}
LINEAR = ["edge_count", "effective_edges", "live_units", "path_count", "fan_in_max", "is_2_4"]


@settings(max_examples=25)
@given(layered_graphs(), kinds, st.integers(0, 2**40))
def test_every_row_is_what_its_null_nets_say(graph, kind, seed):
    found = null_ensemble(graph, kind, 3, seed, metrics=LINEAR, jobs=1)
    nets = [null_net(graph, kind, seed, sample) for sample in range(3)]
    for name in LINEAR:
        per_net = [list(measure(net, find_metric(name), seed)) for net in nets]
        for own, *nulls in zip(measure(graph, find_metric(name), seed), *per_net, strict=True):
            row = found.value(name, own.layer)
            defined = [null.value for null in nulls if null.value is not None]
            assert row.value == own.value
            assert list(row.null_values) == defined
            assert row.undefined_samples == 3 - len(defined)
            if own.value is not None and defined:
                assert (row.mean, row.standard_deviation, row.z, row.p) == significance(
                    own.value, defined
                )


@settings(max_examples=25)
@given(layered_graphs(), kinds)
def test_all_metrics_have_their_rows_and_json(graph, kind):
    report = analyze(graph)
    found = null_ensemble(graph, kind, 2, jobs=1)
    rows = {(row.metric, row.layer) for row in report.measurements}
    assert {(row.metric, row.layer) for row in found.values} == rows
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["samples"] == 2
    for row in found.values:
        assert (row.p is None) <= (row.undefined is not None)
        assert (row.z is None) == (row.undefined is not None)


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_a_null_net_depends_on_seed_and_sample_alone(kind):
    net = family_net("uniform", [12, 10, 8], 0.3, seed=1)
    short, long = (null_ensemble(net, kind, n, 5, metrics=LINEAR, jobs=1) for n in (4, 9))
    for one, other in zip(short.values, long.values, strict=True):
        assert one.null_values == other.null_values[:4]
    assert null_net(net, kind, 5, 3).equals(null_net(net, kind, 5, 3))
    others = [null_net(net, kind, *place) for place in ((5, 4), (6, 3), (3, 5))]
    assert not any(null_net(net, kind, 5, 3).equals(other) for other in others)


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_nets_of_one_shape_have_null_nets_of_their_own(kind):
    one, other = (family_net("uniform", [12, 16, 12], 0.2, seed=seed) for seed in (1, 2))
    assert not any(
        null_net(one, kind, 0, sample).equals(null_net(other, kind, 0, sample))
        for sample in range(5)
    )


@settings(max_examples=20)
@given(layered_graphs(), kinds)
def test_the_same_mask_has_the_same_null_nets_whatever_it_is_called(graph, kind):
    again = LayeredGraph(graph.widths, graph.layers, {"called": "otherwise"})
    assert null_net(graph, kind, 3, 1).equals(null_net(again, kind, 3, 1))


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_the_answer_is_the_same_bit_by_bit_however_many_jobs(kind):
    pytest.importorskip("joblib")
    pytest.importorskip("threadpoolctl")
    net = family_net("uniform", [300, 200, 10], 0.05, seed=0)
    one, two = (null_ensemble(net, kind, 5, 3, jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert json.dumps(one.as_dict()) == json.dumps(two.as_dict())


def test_a_radix_net_is_beyond_all_its_null_nets():
    """Published: at N = 100 and d = 10 a depth of 2 has a CV of 0, random biregular nets .91."""
    for kind, mean in (("degree", 0.91), ("density", 0.99), ("relabel", 0.90)):
        net = radix_net([[10, 10]])
        row = null_ensemble(net, kind, 39, metrics=["path_count_cv"], jobs=1).value("path_count_cv")
        assert row.value == 0
        assert row.mean == pytest.approx(mean, abs=0.03)
        assert row.z < -10
        assert row.p == 0.05


def test_what_a_null_model_shares_is_settled():
    net = radix_net([[3, 4], [2, 6]], [1, 2, 1, 1, 1])
    shared = {
        "density": ["edge_count", "density", "fan_in_mean"],
        "degree": ["edge_count", "fan_in_min", "fan_in_max", "fan_out_cv", "log10_path_count"],
        "relabel": ["sigma_1", "sigma_2", "spectral_gap", "component_count", "path_count"],
    }
    for kind, names in shared.items():
        found = null_ensemble(net, kind, 6, metrics=names, jobs=1)
        for row in found.values:
            if (row.metric, row.layer) == ("component_count", None):
                assert row.value >= 1  # of the whole net: what layers are joined to counts
                continue
            assert row.is_settled, row
            assert row.undefined == "all null values are the same"
            assert (row.z, row.p, row.standard_deviation) == (None, 1, 0)


def test_values_that_no_null_net_has_have_a_p_value_even_where_all_null_values_are_the_same():
    row = null_ensemble(radix_net([[5, 5]]), samples=19, metrics=["is_symmetric"], jobs=1).value(
        "is_symmetric"
    )
    assert (row.value, row.mean, row.z, row.p) == (True, 0, None, 0.1)
    assert not row.is_settled


def test_undefined_values_are_counted_and_have_reasons():
    star = chain([Sparse.from_matrix(np.triu(np.ones((8, 8))))])
    row = null_ensemble(star, "density", 30, metrics=["ramanujan_gap"], jobs=1).values[0]
    assert row.p is not None
    regular = null_ensemble(toy.fano(), "density", 10, metrics=["is_ramanujan"], jobs=1).values[0]
    assert regular.value is True
    assert (regular.mean, regular.p, regular.undefined_samples) == (None, None, 10)
    assert regular.undefined.startswith("undefined in all null nets: ")
    uneven = null_ensemble(toy.broken_bridge(), samples=2, metrics=["is_ramanujan"], jobs=1)
    assert uneven.values[0].undefined.startswith("undefined in the net: ") or (
        uneven.values[0].undefined.startswith("undefined in all null nets: ")
    )


def test_metrics_undefined_in_some_null_nets_are_compared_with_the_others(monkeypatch):
    monkeypatch.setattr("topograph.metrics.registry.METRICS", METRICS)

    @metric("network")
    def share_of_even_edges(graph):
        """Edges over 2, where that is whole."""
        from topograph.errors import Undefined
        from topograph.metrics import effective_edges

        if effective_edges(graph) % 2:
            raise Undefined("an odd number of edges")
        return effective_edges(graph) / 2

    try:
        net = family_net("uniform", [12, 12, 12], 0.1, seed=3)
        (row,) = null_ensemble(net, "density", 40, metrics=["share_of_even_edges"], jobs=1).values
    finally:
        del METRICS["share_of_even_edges"]
    assert 5 < row.undefined_samples < 35
    assert len(row.null_values) == 40 - row.undefined_samples
    if row.value is not None:
        assert row.p == significance(row.value, row.null_values).p


def test_a_net_without_null_nets_says_why_in_every_row():
    mask = np.ones((4, 1, 1), dtype=bool)
    net = chain([Convolution(mask, (3,)), Convolution(mask, (3,), groups=4)])
    found = null_ensemble(net, "relabel", 5, metrics=["density", "path_count"], jobs=1)
    assert {row.p for row in found.values} == {None}
    assert all("there is no such null net: " in row.undefined for row in found.values)
    assert all("4 groups" in row.undefined for row in found.values)
    assert null_ensemble(net, "degree", 5, metrics=["density"], jobs=1).value("density").p == 1


def test_what_costs_too_much_is_left_out_or_refused():
    net = radix_net([[4, 4]])
    with pytest.raises(ParameterError, match=r"30 null nets must take at most 1e-06 min.*longest"):
        null_ensemble(net, samples=30, jobs=1, limit_seconds=6e-5)
    null_ensemble(net, samples=2, metrics=["density"], jobs=1, limit_seconds=None)
    entry = METRICS["sigma_1"]
    reason = "listed ones cost too much"
    METRICS["sigma_1"] = type(entry)(
        entry.name,
        entry.function,
        entry.scope,
        entry.unit,
        entry.cost,
        entry.legend,
        lambda graph: reason if isinstance(graph.layers[0].biadjacency, Sparse) else None,
    )
    try:
        found = null_ensemble(net, "degree", 2, jobs=1)
        assert found.skipped["sigma_1"] == reason
        assert set(found.skipped) == {"sigma_1", *ON_REQUEST}
        assert all(row.metric != "sigma_1" for row in found.values)
        assert null_ensemble(net, "degree", 2, metrics=["sigma_1"], jobs=1).skipped == {}
    finally:
        METRICS["sigma_1"] = entry


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "edges"}, "one of degree, density, relabel"),
        ({"samples": 0}, "samples must be an integer of at least 1"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"jobs": 0}, "jobs must be an integer of at least 1"),
        ({"metrics": ["pathcount"]}, "no metric called"),
    ],
)
def test_wrong_arguments_are_said(wrong, said):
    with pytest.raises(ParameterError, match=said):
        null_ensemble(toy.fano(), **wrong)


def test_progress_counts_null_nets():
    told = []
    null_ensemble(
        toy.fano(), samples=4, metrics=["density"], jobs=1, progress=lambda *what: told.append(what)
    )
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4]
    assert {total for *_, total in told} == {4}


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_nets_drawn_as_null_nets_are_have_uniform_p_values(kind):
    """Ranks of 60 null nets, each among 19 null nets of its own; ties are rare in a CV."""
    start = family_net("biregular", [18, 18, 18], fan_in=4, seed=0)
    uniform, low = [], 0
    for place in range(60):
        net = null_net(start, kind, 1000, place)
        values = [path_count_cv(null_net(net, kind, place, k)) for k in range(19)]
        low += significance(path_count_cv(net), values).p <= 0.1
        uniform.append((sum(value < path_count_cv(net) for value in values) + 0.5) / 20)
    assert scipy.stats.kstest(uniform, "uniform").pvalue > 0.005
    assert scipy.stats.binomtest(low, 60, 0.1, alternative="greater").pvalue > 0.005


def test_without_igraph_null_nets_have_all_but_communities(monkeypatch):
    monkeypatch.setitem(sys.modules, "igraph", None)
    net = family_net("uniform", [6, 5, 4], 0.5, seed=1)
    found = null_ensemble(net, "degree", 2, include_all=True, jobs=1)
    assert "topograph[igraph]" in found.skipped["modularity"]
    measured = {row.metric for row in found.values}
    assert "modularity" not in measured
    assert "small_world_coefficient" in measured
    with pytest.raises(MissingExtraError):
        null_ensemble(net, "degree", 2, metrics=["modularity"], jobs=1)
