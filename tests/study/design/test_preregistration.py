from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.small_studies import UNIFORM, study
from topograph.digest import content_digest
from topograph.errors import ParameterError, ReadError
from topograph.study.design.preregistration import (
    PREREGISTRATION,
    check_registered,
    register,
    registered,
)

PLAN = {"primaries": ["path_count_cv"], "exploratory": ["dead_inputs"]}


def test_what_is_registered_is_the_whole_study(tmp_path):
    specification = study(question="Why \u00e4?", statistics=PLAN, relabellings=1)
    content = register(specification, tmp_path / "new")
    there = registered(tmp_path / "new")
    assert there == json.loads(json.dumps(content))
    assert there["primaries"] == ["path_count_cv"]
    assert there["exploratory"] == ["dead_inputs"]
    assert there["strata"] == ["small 0.25"]
    assert there["specification"] == specification.as_dict()
    assert there["specification_hash"] == specification.digest()
    assert there["amends"] == []
    assert dt.datetime.fromisoformat(there["registered"]).tzinfo is not None
    rest = {key: value for key, value in there.items() if key != "hash"}
    assert there["hash"] == content_digest(rest)


def test_registering_again_changes_nothing(tmp_path):
    first = register(study(), tmp_path)
    before = (tmp_path / PREREGISTRATION).read_bytes()
    assert register(study(), tmp_path) == first
    assert register(study(), tmp_path, amend=True) == first
    assert (tmp_path / PREREGISTRATION).read_bytes() == before


def test_another_study_is_refused_and_said_in_what_it_differs(tmp_path):
    register(study(), tmp_path)
    other = study(seeds=2, statistics=PLAN)
    for refused in (register, check_registered):
        with pytest.raises(ParameterError, match="seeds, statistics") as caught:
            refused(other, tmp_path)
        assert "--amend" in caught.value.hint
    check_registered(study(), tmp_path)


def test_amendments_are_told_one_after_the_other(tmp_path):
    first = register(study(), tmp_path)
    second = register(study(seeds=2), tmp_path, amend=True)
    third = register(study(seeds=2, statistics=PLAN), tmp_path, amend=True)
    assert [(one["hash"], one["changed"]) for one in third["amends"]] == [
        (first["hash"], ["seeds"]),
        (second["hash"], ["statistics"]),
    ]
    assert registered(tmp_path)["hash"] == third["hash"]
    check_registered(study(seeds=2, statistics=PLAN), tmp_path)
    with pytest.raises(ParameterError):
        check_registered(study(), tmp_path)


def test_nothing_runs_unregistered(tmp_path):
    assert registered(tmp_path) is None
    with pytest.raises(ParameterError, match="must be registered") as caught:
        check_registered(study(), tmp_path)
    assert "study plan" in caught.value.hint


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at in range(len(value)) for leaf in leaves(value[at], (*path, at))]
    return [path]


@settings(max_examples=60)
@given(data=st.data())
def test_any_change_of_the_file_is_found(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("registered")
    register(study(topologies=[UNIFORM | {"repaired": True}], statistics=PLAN), folder)
    file = folder / PREREGISTRATION
    content = json.loads(file.read_text())
    *way, last = data.draw(st.sampled_from(leaves(content)))
    table = content
    for step in way:
        table = table[step]
    if isinstance(table, dict) and data.draw(st.booleans()):
        del table[last]
    else:
        table[last] = "something else"
    file.write_text(json.dumps(content))
    for reader in (registered, lambda place: check_registered(study(), place)):
        with pytest.raises(ReadError, match="preregistration"):
            reader(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{}", b'{"hash": "0"}', b"\xff", b'"a"'])
def test_what_is_no_preregistration_is_refused(content, tmp_path):
    (tmp_path / PREREGISTRATION).write_bytes(content)
    with pytest.raises(ReadError, match="preregistration"):
        registered(tmp_path)
    with pytest.raises(ReadError):
        register(study(), tmp_path, amend=True)


def test_layout_of_the_file_does_not_matter(tmp_path):
    first = register(study(), tmp_path)
    file = tmp_path / PREREGISTRATION
    content = json.loads(file.read_text())
    file.write_text(json.dumps(dict(reversed(content.items())), indent=7))
    assert registered(tmp_path)["hash"] == first["hash"]
