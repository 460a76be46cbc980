from __future__ import annotations

import json

import numpy as np
import pytest

from topograph.verification import connectedness


def test_what_holds_is_0(run, radix):
    outcome = run("verify", radix)
    assert outcome.code == 0
    assert "connected" in outcome.out
    assert "symmetric" in outcome.out
    assert "regular" not in outcome.out
    assert run("verify", radix, "--regular").code == 0


def test_what_is_refuted_is_4_with_counted_pairs(run, tmp_path):
    np.save(tmp_path / "mask.npy", np.array([[1, 1], [1, 0]]))
    outcome = run("verify", tmp_path / "mask.npy", "--symmetric", "--format", "json")
    assert outcome.code == 4
    (verdict,) = json.loads(outcome.out)["verdicts"]
    assert verdict["outcome"] == "refuted"
    assert verdict["facts"]["pairs"] == [
        {"input": 1, "output": 1, "paths": "0"},
        {"input": 0, "output": 0, "paths": "1"},
    ]


def test_what_is_undecided_is_5(run, tmp_path, monkeypatch):
    monkeypatch.setattr(connectedness, "BLOCKS_SECONDS", 0.0)
    monkeypatch.setattr(connectedness, "_by_hub", lambda *_: None)
    mask = np.ones((130, 130))
    path = tmp_path / "net.npz"
    np.savez(path, a=mask, b=np.eye(130) + (np.arange(130) % 7 > 0))
    assert run("verify", path, "--connected").code == 5
    np.savez(path, a=mask, b=np.zeros((130, 130)))
    assert run("verify", path, "--connected", "--symmetric").code == 4


def test_a_missing_file_is_1(run):
    assert run("verify", "none.npz").code == 1


def test_assumptions_are_told(run, tmp_path):
    np.save(tmp_path / "mask.npy", np.ones((3, 3)))
    outcome = run("verify", tmp_path / "mask.npy")
    assert outcome.code == 0
    assert outcome.err.startswith("Note: ")


@pytest.mark.parametrize("flag", ["--connected", "--symmetric", "--regular"])
def test_each_property_can_be_asked_alone(run, radix, flag):
    outcome = run("verify", radix, flag, "--format", "json")
    assert [v["property"] for v in json.loads(outcome.out)["verdicts"]] == [flag[2:]]
