from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ReadError
from topograph.study.execution.store import RESULTS, keep_rows, stored_rows

ROWS = [{"key": str(number), "value": [number / 3, None], "name": "\u00e4"} for number in range(5)]


def test_rows_survive(tmp_path):
    assert stored_rows(tmp_path) == []
    keep_rows(tmp_path / "new", ROWS[:2], "part-1-of-1")
    keep_rows(tmp_path / "new", iter(ROWS[2:]), "part-1-of-1")
    assert stored_rows(tmp_path / "new") == ROWS


def test_every_shard_has_its_file_and_all_are_read(tmp_path):
    keep_rows(tmp_path, ROWS[3:], "part-2-of-2")
    keep_rows(tmp_path, ROWS[:3], "part-1-of-2")
    assert len(list((tmp_path / RESULTS).iterdir())) == 2
    assert stored_rows(tmp_path) == ROWS


def test_of_a_run_done_twice_the_first_counts(tmp_path):
    later = [{"key": "0", "value": "later"}]
    keep_rows(tmp_path, ROWS[:2], "a")
    keep_rows(tmp_path, later, "a")
    keep_rows(tmp_path, later, "b")
    assert stored_rows(tmp_path) == ROWS[:2]


def test_numbers_that_are_not_finite_become_none(tmp_path):
    keep_rows(tmp_path, [{"key": "a", "loss": [float("nan"), 1.0], "rise": float("inf")}], "a")
    assert stored_rows(tmp_path) == [{"key": "a", "loss": [None, 1.0], "rise": None}]


@given(data=st.data())
def test_a_line_cut_off_anywhere_is_dropped(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("store")
    keep_rows(folder, ROWS, "a")
    (file,) = (folder / RESULTS).iterdir()
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    kept = ROWS[: whole[:cut].count(b"\n")]
    assert stored_rows(folder) == kept
    keep_rows(folder, [{"key": "next"}], "a")
    assert stored_rows(folder) == [*kept, {"key": "next"}]


@pytest.mark.parametrize("line", ["{", "3", "{}", "[]", '{"value": 3}'])
def test_a_damaged_line_is_named(line, tmp_path):
    keep_rows(tmp_path, ROWS[:1], "a")
    (file,) = (tmp_path / RESULTS).iterdir()
    file.write_text(file.read_text() + line + "\n" + json.dumps(ROWS[1]) + "\n")
    with pytest.raises(ReadError, match="Line 2"):
        stored_rows(tmp_path)
