from __future__ import annotations

import json

import pytest

import topograph
from topograph.generators import family_net, radix_net

RADIX = "generate:radix --systems [[10,10]] --dense-widths 8,3,1"


def test_a_net_made_on_the_spot_is_verified(run):
    outcome = run(
        "verify", "generate:graphchallenge --neurons 1024 --layers 480", "--format", "json"
    )
    assert outcome.code == 0
    said = json.loads(outcome.out)
    assert said["edges"] == 32 * 1024 * 480
    assert said["verdicts"][1]["facts"]["paths_per_pair"] == str(16**5 * 32**474)


def test_it_is_the_net_that_generate_writes(run, tmp_path):
    spec = "uniform --widths 30,20,10 --density .2 --seed 4"
    assert (
        run("twin", f"generate:{spec}", "--keep", "everything", "-o", tmp_path / "twin.npz").code
        == 0
    )
    net = family_net("uniform", (30, 20, 10), 0.2, seed=4)
    assert topograph.read(tmp_path / "twin.npz").n_edges == net.n_edges
    outcome = run("analyze", f"generate:{spec}", "--metric", "path_count", "--format", "csv")
    assert f",{topograph.metrics.path_count(net)}," in outcome.out


def test_layers_are_chosen_and_nets_compared(run):
    outcome = run(
        "compare", RADIX, RADIX, "--layers", "1:1", "--metric", "edge_count", "--format", "csv"
    )
    edges = radix_net([[10, 10]], (8, 3, 1)).layers[0].n_edges
    assert outcome.code == 0
    assert str(edges) in outcome.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([RADIX, "other.npz"], 2, "must be the only MASK"),
        ([RADIX, "--threshold", "1"], 2, "--orientation and --threshold are for files"),
        (["generate:foo"], 2, "No such command 'foo'"),
        (["generate:"], 2, ""),
        (["generate:radix --systems [[10,10]] --dense-widths 8"], 2, "dense"),
        (["generate:graphchallenge --neurons 7 --layers 1"], 2, "the nearest is 32"),
        ([RADIX, "--layers", "1:9"], 2, "Layers must be chosen from 1:2"),
    ],
)
def test_what_cannot_be_made_is_said(run, arguments, code, said):
    outcome = run("verify", *arguments)
    assert outcome.code == code
    assert said in outcome.err


def test_help_goes_by_the_same_names_as_elsewhere(run):
    for option in ("-h", "--help"):
        assert "Usage: generate: radix" in run("analyze", f"generate:radix {option}").out
    assert "-h, --help" in run("generate", "--help").out
