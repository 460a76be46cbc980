from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.small_studies import REGIME, UNIFORM, study
from topograph.analysis import analyze
from topograph.digest import mask_digest
from topograph.generators.continuous_family import sobol_dials
from topograph.study.design.building import build, net_of, relabelling_seed
from topograph.study.design.costs import check_stratum
from topograph.study.design.topologies import size_of_stratum, topologies_of
from topograph.study.design.units import count_runs, seeds_of, units_of

NOWHERE = Path("none")
RADIX = {"family": "radix", "name": "RadiX", "options": {"systems": [[4, 4, 4]]}}
SQUARE = {"name": "square", "widths": [64, 64, 64, 10], "densities": [0.0625]}


def dense(graph):
    return [layer.biadjacency.to_csr().toarray() for layer in graph.layers]


def built(**changes):
    return [(one, build(one, NOWHERE)) for one in topologies_of(study(**changes))]


def sources(names=("uniform", "balanced", "continuous")):
    return st.builds(
        lambda name, **rest: {"family": name, **rest},
        st.sampled_from(names),
        count=st.integers(1, 3),
        degree_twins=st.integers(0, 2),
        density_twins=st.integers(0, 2),
        repaired=st.booleans(),
        own_edges=st.booleans(),
        relabellings=st.integers(0, 2),
    )


@st.composite
def specifications(draw):
    regimes = [
        {"name": f"r{number}", "widths": [64, 20 + number, 10], "densities": densities}
        for number, densities in enumerate(
            draw(
                st.lists(
                    st.lists(st.sampled_from([0.1, 0.2, 0.4]), min_size=1, unique=True),
                    min_size=1,
                    max_size=2,
                )
            )
        )
    ]
    fewer = st.sampled_from([{}, {"seeds": 1}, {"seeds": 2}])
    topologies = [
        source | {"name": f"s{number}", "first_seed": 10 * number} | draw(fewer)
        for number, source in enumerate(draw(st.lists(sources(), min_size=1, max_size=3)))
    ]
    if draw(st.booleans()):
        topologies[0]["regimes"] = ["r0"]
    doses = []
    if draw(st.booleans()):
        doses.append(
            {
                "name": "reach",
                "regime": "r0",
                "density": regimes[0]["densities"][0],
                "family": "uniform",
                "moved": "path_count_cv",
                "held": [],
                "bases": draw(st.integers(1, 2)),
                "n_steps": draw(st.integers(2, 3)),
            }
        )
    rates = draw(st.sampled_from([[1.0], [0.5, 1.0]]))
    if draw(st.booleans()):
        regimes[0]["data"] = ["digits"]
    return study(
        regimes=regimes,
        topologies=topologies,
        doses=doses,
        rate_factors=rates,
        n_validation=5,
        relabellings=draw(st.integers(0, 1)),
        seeds=draw(st.integers(2, 3)),
        data=["digits", "mnist"],
    )


@settings(max_examples=40)
@given(specifications())
def test_counts_are_the_lengths_of_the_lists(specification):
    listed = list(topologies_of(specification))
    for regime in specification.regimes:
        here = [one for one in listed if one.regime == regime.name]
        for density in regime.densities:
            at = [
                one for one in here if f"{one.stratum} ".startswith(f"{regime.stratum(density)} ")
            ]
            size = size_of_stratum(specification, regime, density)
            assert (size.classes, size.masks) == (len({one.key for one in at}), len(at))
            assert size.starts == sum(len(seeds_of(specification, one)) for one in at)
    assert count_runs(specification) == len(list(units_of(specification)))


@settings(max_examples=40)
@given(specifications())
def test_a_key_names_a_class_and_a_name_a_mask(specification):
    listed = list(topologies_of(specification))
    assert len({one.name for one in listed}) == len(listed)
    classes = {}
    for one in listed:
        classes.setdefault(one.key, []).append(one)
    for members in classes.values():
        assert [one.labelling for one in members] == list(range(len(members)))
        assert len({dataclasses.replace(one, labelling=0).key for one in members}) == 1
        assert len({json.dumps(one.making) for one in members}) == 1
    for one in listed:
        assert one.base == "" or one.base in classes or one.role == "dose"
        assert (one.repaired is True) <= (one.base in classes)
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in classes)


@settings(max_examples=12)
@given(specifications())
def test_nets_of_a_stratum_have_equal_edges_and_the_widths_of_their_regime(specification):
    widths = {regime.name: regime.widths for regime in specification.regimes}
    edges = {}
    for one in itertools.islice(topologies_of(specification), 60):
        if one.role != "dose" and not one.repaired:
            graph = build(one, NOWHERE)
            assert graph.widths == widths[one.regime]
            edges.setdefault(one.stratum, set()).add(tuple(x.n_edges for x in graph.layers))
    assert all(len(found) == 1 for found in edges.values())


def test_families_twins_and_trimmed_radix_share_the_edges_of_their_stratum():
    topologies = [
        {"family": "continuous", "count": 4},
        {"family": "uniform", "degree_twins": 1, "density_twins": 1},
        {"family": "balanced"},
        RADIX | {"degree_twins": 1},
    ]
    found = built(regimes=[SQUARE], topologies=topologies, relabellings=1)
    assert {one.family for one, _ in found} == {
        "continuous",
        "uniform",
        "uniform, degree twins",
        "uniform, density twins",
        "balanced",
        "RadiX",
        "RadiX, degree twins",
    }
    assert {graph.widths for _, graph in found} == {(64, 64, 64, 10)}
    (edges,) = {tuple(layer.n_edges for layer in graph.layers) for _, graph in found}
    specification = study(regimes=[SQUARE], topologies=topologies)
    assert edges == (256, 256, 40) == check_stratum(specification, specification.regimes[0], 0.0625)


def test_a_source_may_be_wider_than_its_regime():
    source = {"family": "biregular", "widths": [64, 64, 64, 64]}
    ((_, trimmed),) = built(regimes=[SQUARE], topologies=[source])
    ((_, wide),) = built(regimes=[SQUARE | {"widths": [64] * 4}], topologies=[source])
    for small, large in zip(dense(trimmed), dense(wide), strict=True):
        assert (small == large[:, -small.shape[1] :]).all()


def test_a_dense_layer_is_appended():
    regime = REGIME | {"widths": [64, 24, 16], "append_dense": 10}
    for one, graph in built(regimes=[regime], topologies=[UNIFORM | {"degree_twins": 1}]):
        assert graph.widths == (64, 24, 16, 10)
        assert graph.layers[-1].n_edges == (160 if one.role != "twin" else graph.layers[2].n_edges)
        assert dense(graph)[-1].all()


def as_networkx(graph):
    found = nx.DiGraph()
    for level, width in enumerate(graph.widths):
        found.add_nodes_from(((level, unit) for unit in range(width)), level=level)
    for number, matrix in enumerate(dense(graph)):
        found.add_edges_from(
            ((number, int(a)), (number + 1, int(b))) for a, b in np.argwhere(matrix)
        )
    return found


def test_labellings_are_isomorphic_and_not_the_same_mask():
    tiny = {"name": "tiny", "widths": [6, 5, 4], "densities": [0.4]}
    found = built(regimes=[tiny], topologies=[UNIFORM], relabellings=3)
    for first in (0, 4):
        graphs = [graph for _, graph in found[first : first + 4]]
        assert len({mask_digest(graph) for graph in graphs}) == 4
        for other in graphs[1:]:
            assert nx.vf2pp_is_isomorphic(
                as_networkx(graphs[0]), as_networkx(other), node_label="level"
            )
    one, another = as_networkx(found[0][1]), as_networkx(found[4][1])
    assert not nx.vf2pp_is_isomorphic(one, another, node_label="level")


def test_labellings_have_the_metrics_of_their_class():
    source = {"family": "continuous", "count": 2}
    found = built(topologies=[source], relabellings=2)
    for first in (0, 3):
        values = [
            [
                (row.metric, row.layer, row.value, row.undefined)
                for row in analyze(graph).measurements
            ]
            for _, graph in found[first : first + 3]
        ]
        for other in values[1:]:
            for (*name, value, why), (*same, second, reason) in zip(values[0], other, strict=True):
                assert name == same
                assert (value is None) == (second is None), (name, why, reason)
                if value is not None:
                    assert second == pytest.approx(value, rel=1e-6, abs=1e-9), name


def test_random_labellings_differ_from_class_to_class():
    found = list(topologies_of(study(relabellings=2)))
    seeds = {relabelling_seed(one) for one in found if one.labelling}
    assert len(seeds) == 4


def test_degree_twins_have_the_same_degrees_and_other_edges():
    found = built(topologies=[UNIFORM | {"degree_twins": 2}])
    graphs = {one.key: graph for one, graph in found}
    twins = [(one, graph) for one, graph in found if one.role == "twin"]
    assert len(twins) == 4
    assert len({mask_digest(graph) for _, graph in found}) == 6
    for one, twin in twins:
        for before, after in zip(dense(graphs[one.base]), dense(twin), strict=True):
            assert (before.sum(0) == after.sum(0)).all()
            assert (before.sum(1) == after.sum(1)).all()


def test_density_twins_have_the_same_edges_per_layer_and_other_degrees():
    (_, base), (twin, graph) = built(topologies=[{"family": "balanced", "density_twins": 1}])
    assert twin.family == "balanced, density twins"
    assert [layer.n_edges for layer in graph.layers] == [layer.n_edges for layer in base.layers]
    before, after = dense(base), dense(graph)
    assert any((a.sum(0) != b.sum(0)).any() for a, b in zip(before, after, strict=True))


def test_repaired_twins_have_no_dead_outputs():
    sparse = REGIME | {"densities": [0.05]}
    source = {"family": "uniform", "count": 6, "repaired": True, "degree_twins": 1}
    found = built(regimes=[sparse], topologies=[source])
    graphs = {one.key: graph for one, graph in found}
    dead = dict.fromkeys((True, False), 0)
    for one, graph in found:
        paths = np.linalg.multi_dot(dense(graph))
        dead[one.repaired] += int((paths.sum(0) == 0).sum())
        if one.repaired:
            assert one.base in graphs
    assert len(found) == 24
    assert dead[True] == 0 < dead[False]


def test_nobody_asks_about_repair_unless_the_source_does():
    found = [one.repaired for one in topologies_of(study(topologies=[UNIFORM]))]
    assert found == [None, None]


SHOW = """
    import sys
    from pathlib import Path
    from topograph.digest import mask_digest
    from topograph.study.design import read_study
    from topograph.study.design.building import build
    from topograph.study.design.topologies import topologies_of
    for one in topologies_of(read_study(sys.argv[1])):
        print(one.name, mask_digest(build(one, Path())))
"""
FILE = """
relabellings = 1
[[regimes]]
name = "square"
widths = [64, 64, 64, 10]
densities = [0.0625]
[[topologies]]
family = "continuous"
count = 3
[[topologies]]
family = "uniform"
degree_twins = 1
repaired = true
[[topologies]]
name = "RadiX"
family = "radix"
options = { systems = [[4, 4, 4]] }
"""


def test_a_fresh_process_builds_the_same_nets(tmp_path):
    from topograph.study.design import read_study

    file = tmp_path / "study.toml"
    file.write_text(FILE)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHOW), str(file)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), PYTHONHASHSEED="7"),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = dict(line.split() for line in done.stdout.splitlines())
    found = list(topologies_of(read_study(file)))
    assert len(theirs) == len(found) == 16
    assert theirs == {one.name: mask_digest(build(one, NOWHERE)) for one in found}
    again = {one.name: mask_digest(build(one, Path("elsewhere"))) for one in found}
    assert theirs == again


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_dials_do_not_depend_on_how_many_there_are(few, many, seed):
    few, many = sorted((few, many))
    short, long = list(sobol_dials(few, seed)), list(sobol_dials(many, seed))
    assert long[:few] == short


def test_more_topologies_leave_the_earlier_ones():
    for family in ("continuous", "uniform"):
        few, many = (
            [one.name for one in topologies_of(study(topologies=[{"family": family, "count": n}]))]
            for n in (3, 7)
        )
        assert many[:3] == few


def test_a_making_that_went_through_json_gives_the_same_net():
    for one, graph in built(topologies=[{"family": "continuous", "degree_twins": 1}]):
        again = net_of(json.loads(json.dumps(one.making)), Path("other"))
        assert mask_digest(again) == mask_digest(graph)


def test_a_series_of_doses_belongs_to_its_base():
    doses = {
        "name": "reach",
        "regime": "small",
        "density": 0.25,
        "family": "uniform",
        "moved": "path_count_cv",
        "held": [],
        "bases": 2,
        "n_steps": 3,
    }
    found = list(topologies_of(study(doses=[doses])))
    steps, others = [one for one in found if one.role == "dose"], found[:2]
    assert [one.making["step"] for one in steps] == [0, 1, 2] * 2
    assert [one.base for one in steps] == [one.key for one in others for _ in range(3)]
    assert len({one.series for one in steps}) == 2
    assert {one.stratum for one in steps} == {"small 0.25 (doses)"}
