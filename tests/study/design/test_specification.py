from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.study.small_studies import DOSES, REGIME, UNIFORM, said, study
from topograph.digest import content_digest
from topograph.errors import ParameterError
from topograph.study.design import Regime, TopologySource, Variant
from topograph.study.design.study_files import study_of
from topograph.training.recipes import MODERN

DEFAULTS = {
    (): {
        "confirmation": [],
        "question": "",
        "rate_factors": [1.0],
        "relabellings": 0,
        "doses": [],
        "published": [],
        "statistics": {},
        "data": ["digits"],
        "n_validation": 0,
        "seeds": 1,
    },
    ("regimes", 0): {"allocation": "uniform", "data": []},
    ("topologies", 0): {
        "options": {},
        "widths": [],
        "regimes": [],
        "densities": [],
        "degree_twins": 0,
        "density_twins": 0,
        "repaired": False,
        "own_edges": False,
        "role": "named",
        "name": "uniform",
        "first_seed": 0,
    },
    ("recipe",): {"momentum": 0.9, "cosine": True, "relu_logits": False, "l2": 0.0},
    ("statistics",): {
        "primaries": [],
        "composites": {},
        "n_permutations": 10_000,
        "n_resamples": 2000,
        "level": 0.95,
        "least_class_share": 0.2,
        "baseline": "",
        "seed": 0,
    },
}
OTHERS = {
    (): {
        "name": "other",
        "confirmation": ["digits"],
        "question": "why?",
        "relabellings": 1,
        "data": ["mnist"],
        "n_validation": 9,
        "seeds": [1],
        "published": [{"stratum": "small 0.25", "family": "uniform", "accuracy": 0.9}],
        "doses": [DOSES],
    },
    ("regimes", 0): {
        "name": "large",
        "widths": [64, 24, 17, 10],
        "densities": [0.3],
        "allocation": "erk",
        "append_dense": 10,
        "data": ["digits"],
    },
    ("topologies", 0): {
        "name": "random",
        "family": "balanced",
        "count": 3,
        "options": {"permuted": True},
        "widths": [65, 24, 16, 10],
        "regimes": ["small"],
        "densities": [0.25],
        "relabellings": 1,
        "degree_twins": 1,
        "density_twins": 1,
        "repaired": True,
        "own_edges": True,
        "role": "sampled",
        "first_seed": 1,
        "seeds": 1,
    },
    ("recipe",): {"momentum": 0.8, "relu_logits": True, "l2": 0.1, "n_steps": 21},
    ("statistics",): {
        "primaries": ["path_count_cv"],
        "exploratory": ["path_count_cv"],
        "composites": {"a": ["path_count_cv"]},
        "n_permutations": 9,
        "n_resamples": 9,
        "level": 0.9,
        "least_class_share": 0.1,
        "collinear_above": 0.9,
        "baseline": "uniform",
        "seed": 3,
    },
}


def keys_of(table):
    return sorted(((place, key) for place, keys in table.items() for key in keys), key=repr)


def changed(place, key, value):
    """The content of the small study, with another value at a place."""
    content = json.loads(json.dumps(said()))
    if place == ("statistics",):
        content["statistics"] = {}
    table = content
    for step in place:
        table = table[step]
    table[key] = value
    if (place, key) == (("regimes", 0), "name"):
        content["topologies"][0].pop("regimes", None)
    return content


SEVERAL = st.lists(st.sampled_from(keys_of(DEFAULTS)), max_size=6, unique=True)


@given(SEVERAL)
def test_keys_at_their_defaults_leave_the_digest(chosen):
    content = json.loads(json.dumps(said()))
    for place, key in sorted(chosen, key=lambda one: len(one[0])):
        table = content
        for step in place:
            table = table.setdefault(step, {}) if isinstance(step, str) else table[step]
        table[key] = DEFAULTS[place][key]
    assert study_of(content).digest() == study().digest()


@given(
    st.lists(st.sampled_from(keys_of(OTHERS)), min_size=2, max_size=2, unique=True),
)
def test_every_other_change_is_in_the_digest(pair):
    contents = [changed(place, key, OTHERS[place][key]) for place, key in pair]
    digests = {study().digest(), *(study_of(content).digest() for content in contents)}
    assert len(digests) == 3


@pytest.mark.parametrize(("place", "key"), keys_of(OTHERS), ids=str)
def test_each_field_is_in_the_digest_and_in_the_record(place, key):
    other = study_of(changed(place, key, OTHERS[place][key]))
    assert other.digest() != study().digest()
    assert other.as_dict() != study().as_dict()


def test_every_field_was_tried():
    tried = {(place, key) for place, key in keys_of(OTHERS)}
    for kind, place in ((Regime, ("regimes", 0)), (TopologySource, ("topologies", 0))):
        names = {field.name for field in dataclasses.fields(kind)}
        assert names == {key for at, key in tried if at == place}
    top = {field.name for field in dataclasses.fields(study())}
    of_tables = {"variants", "regimes", "topologies", "statistics"}
    assert top - of_tables - {key for at, key in tried if at == ()} == {"rate_factors"}
    first, second = (study(rate_factors=factors, n_validation=5) for factors in ([1.0], [1.0, 2.0]))
    assert first.digest() != second.digest()


@given(st.permutations(list(said())), st.permutations(list(REGIME)))
def test_the_order_of_keys_does_not_matter(top, regime):
    content = {key: said()[key] for key in top}
    content["regimes"] = [{key: REGIME[key] for key in regime}]
    assert study_of(content).digest() == study().digest()


def test_the_record_is_plain_json():
    recipe = {"base": "modern", "factors": {"initialisation": ["truncated_normal", "fan_in"]}}
    options = {"options": {"rewiring": 0.2}, "family": "small-world"}
    found = study(recipe=recipe, topologies=[UNIFORM | options], n_validation={"digits": 4})
    record = found.as_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["regimes"][0]["widths"] == [64, 24, 16, 10]
    assert record["variants"][0]["factors"] == {"initialisation": "truncated_normal"}
    assert record["variants"][0]["recipe"]["initialisation"] == "truncated_normal"
    assert record["n_validation"] == {"digits": 4}


def test_the_hash_is_that_of_sorted_json():
    """SHA-256 of the two bytes {}, as published test vectors of JSON hashing give it."""
    assert content_digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert content_digest({"a": 1, "b": (2, 3)}) == content_digest({"b": [2, 3], "a": 1})


def test_the_digest_is_the_same_in_every_version():
    """A change of this value would make every registered study another one."""
    assert study().digest()[:16] == "64149fca4276d727"


def test_where_a_source_takes_part():
    regime = Regime("small", (4, 2), (0.1, 0.2))
    everywhere, once = TopologySource("a", "uniform"), TopologySource("b", "uniform")
    once = dataclasses.replace(once, regimes=("small",), densities=(0.2,))
    elsewhere = dataclasses.replace(once, regimes=("large",))
    for density in regime.densities:
        assert everywhere.takes_part(regime, density)
        assert once.takes_part(regime, density) == (density == 0.2)
        assert not elsewhere.takes_part(regime, density)


def test_levels_data_and_validation_of_a_regime():
    regime = Regime("small", (4, 2), (0.1,), append_dense=3)
    assert regime.final_widths == (4, 2, 3)
    assert regime.stratum(0.1) == "small 0.1"
    found = study(data=["digits", "mnist"], n_validation={"mnist": 4})
    assert found.data_of(found.regimes[0]) == ("digits", "mnist")
    assert (found.validation_of("mnist"), found.validation_of("digits")) == (4, 0)


def test_variants_that_train_alike_are_refused():
    renamed = dataclasses.replace(MODERN, name="other")
    with pytest.raises(ParameterError, match="'a' and 'b' are the same"):
        dataclasses.replace(study(), variants=(Variant("a", MODERN), Variant("b", renamed)))
