"""`topograph generate degree-sequence`."""

from __future__ import annotations

import json

import pytest

import topograph
from topograph.generators import degree_sequence_net

NET = {"fan_out": [[2, 1, 1], [1, 1, 1]], "fan_in": [[1, 2, 1], [3]]}


def test_the_command_gives_the_same_bytes_again(run, tmp_path):
    (tmp_path / "degrees.json").write_text(json.dumps(NET))
    for name in ("a.npz", "b.npz"):
        outcome = run(
            "generate", "degree-sequence", tmp_path / "degrees.json", "--seed", 3, "-o",
            tmp_path / name,
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    net = topograph.read(tmp_path / "a.npz")
    assert net.equals(degree_sequence_net(**NET, seed=3))
    assert net.provenance["family"] == "degree-sequence"
    assert net.provenance["parameters"] == {"seed": 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "an object of"),
        ('{"fan_out": [[1]]}', "an object of"),
        ('{"fan_out": [[1.0]], "fan_in": [[1]]}', "an object of"),
        ('{"fan_out": [[]], "fan_in": [[]]}', "an object of"),
        ('{"fan_out": [[1]]', "The file"),
        ('{"fan_out": [[2]], "fan_in": [[1, 0]]}', "must add up to the same"),
    ],
)
def test_files_that_hold_no_degrees_are_refused(run, tmp_path, text, words):
    path = tmp_path / "degrees.json"
    path.write_text(text)
    outcome = run("generate", "degree-sequence", path, "-o", tmp_path / "net.npz")
    assert outcome.code in (1, 2)
    assert str(path) in outcome.err
    assert words in outcome.err
    assert not (tmp_path / "net.npz").exists()


def test_a_missing_file_is_named(run, tmp_path):
    outcome = run("generate", "degree-sequence", tmp_path / "no.json", "-o", tmp_path / "net.npz")
    assert outcome.code == 1
    assert "no.json" in outcome.err
