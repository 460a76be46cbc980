from __future__ import annotations

import dataclasses
import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.design.made_topologies import NOWHERE, built, dense
from tests.study.small_studies import DOSES, REGIME, UNIFORM, study
from topograph.study.design.building import build
from topograph.study.design.costs import check_stratum
from topograph.study.design.topologies import size_of_stratum, topologies_of
from topograph.study.design.units import count_runs, seeds_of, units_of

RADIX = {"family": "radix", "name": "RadiX", "options": {"systems": [[4, 4, 4]]}}
SQUARE = {"name": "square", "widths": [64, 64, 64, 10], "densities": [0.0625]}


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
            DOSES
            | {
                "regime": "r0",
                "density": regimes[0]["densities"][0],
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


def test_a_series_of_doses_belongs_to_its_base():
    found = list(topologies_of(study(doses=[DOSES | {"bases": 2, "n_steps": 3}])))
    steps, others = [one for one in found if one.role == "dose"], found[:2]
    assert [one.making["step"] for one in steps] == [0, 1, 2] * 2
    assert [one.base for one in steps] == [one.key for one in others for _ in range(3)]
    assert len({one.series for one in steps}) == 2
    assert {one.stratum for one in steps} == {"small 0.25 (doses)"}
