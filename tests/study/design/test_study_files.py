from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.study.small_studies import REGIME, UNIFORM, said, study
from topograph.errors import ParameterError, ReadError
from topograph.study.design import read_study
from topograph.study.design.study_files import study_of
from topograph.study.design.units import count_runs, units_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "studies").glob("*.toml"))


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"main", "digits", "instability", "alford2018"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_can_be_read_and_ask_for_every_run_once(path):
    found = read_study(path)
    assert found.name == path.stem
    keys = [unit.key for unit in units_of(found)]
    assert len(set(keys)) == len(keys) == count_runs(found)


def test_what_is_left_out_has_its_default():
    found = study()
    assert (found.seeds, found.rate_factors, found.relabellings) == ((0,), (1.0,), 0)
    assert (found.data, found.n_validation, found.confirmation) == (("digits",), {}, ())
    assert [variant.name for variant in found.variants] == ["modern"]
    assert (found.topologies[0].name, found.topologies[0].role) == ("uniform", "named")
    assert study(topologies=[{"family": "continuous"}]).topologies[0].role == "sampled"
    assert found.statistics.primaries == ()
    assert study(name="mine").name == "mine"
    unnamed = said()
    del unnamed["name"], unnamed["recipe"]
    assert study_of(unnamed, "from-the-file").name == "from-the-file"
    assert study_of(unnamed).variants[0].recipe.name == "modern"


def test_lists_become_tuples_and_one_word_a_list():
    found = study(data="digits", seeds=[3, 5], confirmation="small", n_validation=7)
    assert (found.data, found.seeds, found.confirmation) == (("digits",), (3, 5), ("small",))
    assert found.n_validation == {"digits": 7}
    assert found.regimes[0].widths == (64, 24, 16, 10)
    assert study(seeds=3).seeds == (0, 1, 2)


def test_factors_make_a_variant_of_each_combination():
    recipe = {"base": "modern", "n_steps": 5}
    recipe["factors"] = {"relu_logits": [True, False], "l2": [0.1, 0.0]}
    found = study(recipe=recipe).variants
    assert [variant.name for variant in found] == [
        "relu_logits=true, l2=0.1",
        "relu_logits=true, l2=0.0",
        "relu_logits=false, l2=0.1",
        "relu_logits=false, l2=0.0",
    ]
    for variant in found:
        recipe = variant.recipe
        assert variant.factors == {"relu_logits": recipe.relu_logits, "l2": recipe.l2}
        assert (recipe.n_steps, recipe.n_epochs, recipe.momentum) == (5, None, 0.9)


def test_variants_may_be_listed():
    listed = [{"name": "plain"}, {"name": "decayed", "l2": 0.1}]
    plain, decayed = study(recipe={"base": "modern", "variants": listed}).variants
    assert (plain.name, plain.recipe.l2, plain.factors) == ("plain", 0.0, {})
    assert (decayed.name, decayed.recipe.l2) == ("decayed", 0.1)


def test_names_may_come_again_in_another_stratum():
    regime = REGIME | {"densities": [0.25, 0.5]}
    sources = [UNIFORM | {"densities": [0.25]}, UNIFORM | {"densities": [0.5], "count": 3}]
    assert count_runs(study(regimes=[regime], topologies=sources)) == 5


def test_composites_and_layer_properties_may_be_primaries():
    plan = {
        "primaries": ["evenness", "fan_in_cv.mean"],
        "composites": {"evenness": ["connected_pair_fraction", "-path_count_cv"]},
        "baseline": "uniform, degree twins",
    }
    found = study(statistics=plan, topologies=[UNIFORM | {"degree_twins": 1}]).statistics
    assert found.composites == {"evenness": ("connected_pair_fraction", "-path_count_cv")}


def test_errors_name_the_file(tmp_path):
    file = tmp_path / "mine.toml"
    for content, error, found in (
        ("colour = 3", ParameterError, "colour"),
        ("colour = ", ReadError, "TOML"),
        ("name = '\xe4'", ReadError, "TOML"),
        ("rate_factors = 3", ParameterError, "rate_factors"),
        ("[recipe]\nbase = 'none'", ParameterError, "none"),
    ):
        file.write_bytes(content.encode("latin-1"))
        with pytest.raises(error, match=found) as caught:
            read_study(file)
        assert str(caught.value).startswith(str(file))
    with pytest.raises(ReadError, match=r"none\.toml"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(ReadError):
        read_study(tmp_path)


def test_reading_changes_nothing_that_was_given():
    content = said(recipe={"base": "modern", "factors": {"l2": [0.1, 0.0]}})
    before = copy.deepcopy(content)
    study_of(content)
    assert content == before
