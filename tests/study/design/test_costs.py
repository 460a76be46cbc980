from __future__ import annotations

import dataclasses

import pytest

from tests.study.small_studies import REGIME, UNIFORM, place, study
from topograph.errors import ParameterError
from topograph.study.design.costs import (
    StratumCost,
    check_stratum,
    memory_a_process,
    powers,
    stratum_costs,
)
from topograph.study.design.units import count_runs


def test_costs_of_a_study_without_a_trial(tmp_path):
    regime = REGIME | {"densities": [0.25, 0.5]}
    specification = study(
        regimes=[regime], topologies=[UNIFORM | {"relabellings": 1}], seeds=3, n_validation=100
    )
    costs = stratum_costs(specification, place(tmp_path), trial=False)
    assert [one.stratum for one in costs] == ["small 0.25", "small 0.5"]
    assert [(one.n_classes, one.n_masks, one.n_runs) for one in costs] == [(2, 4, 12)] * 2
    assert sum(one.n_runs for one in costs) == count_runs(specification)
    assert [one.edges for one in costs] == [(384, 96, 40), (768, 192, 80)]
    assert {(one.n_steps, one.seconds_a_run) for one in costs} == {(20, None)}


def test_epochs_are_counted_on_what_is_not_held_out(tmp_path):
    steps = {}
    for held in (0, 323):
        specification = study(recipe={"base": "modern", "n_epochs": 3}, n_validation=held)
        (cost,) = stratum_costs(specification, place(tmp_path), trial=False)
        steps[held] = cost.n_steps
    assert steps == {0: 3 * (1347 // 128), 323: 3 * (1024 // 128)}


def test_a_trial_tells_the_time(tmp_path):
    said = []
    specification = study(n_validation=50)
    (cost,) = stratum_costs(specification, place(tmp_path), progress=lambda *one: said.append(one))
    assert cost.seconds_a_run > 0
    assert said == [("try small 0.25 on digits", 0, 1)]


def test_data_that_are_not_here_have_no_time(tmp_path):
    specification = study(
        data=["digits", "mnist"],
        regimes=[REGIME | {"widths": [784, 24, 16, 10], "data": ["mnist"]}],
    )
    (cost,) = stratum_costs(specification, place(tmp_path, data_folder=str(tmp_path)))
    assert (cost.data, cost.n_steps, cost.seconds_a_run, cost.n_runs) == ("mnist", None, None, 2)


def test_other_edges_in_a_stratum_are_refused_unless_they_are_own():
    radix = {"name": "RadiX", "family": "radix", "options": {"systems": [[8, 8]]}}
    regime = {"name": "square", "widths": [64, 64, 64], "densities": [0.25]}
    other = study(regimes=[regime], topologies=[UNIFORM, radix])
    with pytest.raises(ParameterError, match=r"'RadiX' must have .1024, 1024. edges"):
        check_stratum(other, other.regimes[0], 0.25)
    own = study(regimes=[regime], topologies=[UNIFORM, radix | {"own_edges": True}])
    assert check_stratum(own, own.regimes[0], 0.25) == (1024, 1024)
    alone = study(regimes=[regime], topologies=[radix | {"own_edges": True}])
    assert check_stratum(alone, alone.regimes[0], 0.25) == ()


def test_a_family_that_cannot_be_had_is_named_with_its_stratum():
    impossible = study(
        topologies=[{"family": "biregular"}], regimes=[REGIME | {"densities": [0.3]}]
    )
    with pytest.raises(ParameterError, match=r"'biregular' in stratum 'small 0\.3'"):
        check_stratum(impossible, impossible.regimes[0], 0.3)
    radix = {"family": "radix", "options": {"systems": [[8, 8]]}}
    levels = study(topologies=[radix])
    with pytest.raises(ParameterError, match="must have 4 levels"):
        check_stratum(levels, levels.regimes[0], 0.25)


def test_a_density_without_topologies_costs_nothing(tmp_path):
    specification = study(
        regimes=[REGIME | {"densities": [0.25, 0.5]}], topologies=[UNIFORM | {"densities": [0.5]}]
    )
    empty, full = stratum_costs(specification, place(tmp_path))
    assert (empty.n_runs, empty.edges, empty.seconds_a_run) == (0, (), None)
    assert full.n_runs == 2


def test_more_topologies_have_more_power():
    found = {}
    for count in (4, 40):
        estimates = powers(study(topologies=[UNIFORM | {"count": count}], seeds=2))
        assert [(data, n) for data, n, _, _ in estimates] == [("digits", 1)] * 3
        found[count] = {tau: estimate.power for _, _, tau, estimate in estimates}
    assert found[40][0.3] > found[4][0.3]
    assert found[40][0.3] > found[40][0.1]
    assert powers(study(topologies=[UNIFORM | {"count": 1}])) == []


def test_memory_grows_with_the_members_of_the_largest_stratum():
    small = StratumCost("a", "a 0.1", "digits", 1, 1, 1, (100, 20), 10, 0.1)
    large = dataclasses.replace(small, stratum="a 0.5", edges=(1000, 500))
    alone, many = (memory_a_process([small, large], members) for members in (1, 11))
    assert alone > 2**20  # a process with torch in it
    assert many - alone == 10 * 1500 * 24
    assert memory_a_process([dataclasses.replace(small, seconds_a_run=None)], 1) is None


def test_nets_that_do_not_fit_the_data_are_refused_without_them(tmp_path):
    regime = REGIME | {"widths": [60, 24, 10]}
    with pytest.raises(ParameterError, match="begin with the 64 inputs and end with the 10 class"):
        stratum_costs(study(regimes=[regime]), place(tmp_path), trial=False)


def test_layers_without_an_edge_are_refused(tmp_path):
    regime = REGIME | {"densities": [0.0001]}
    with pytest.raises(ParameterError, match=r"come to one edge at least.*nearest"):
        stratum_costs(study(regimes=[regime]), place(tmp_path), trial=False)
