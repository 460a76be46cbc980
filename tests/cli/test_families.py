from __future__ import annotations

import json

import pytest

import topograph
from topograph.generators import FAMILIES
from topograph_cli.generate_family import family_command

SHARED = ["--widths", "64,32,16", "--density", "0.25", "--seed", "5", "--nearest"]
SQUARE = ["--widths", "64,64,64", "--density", "0.125", "--seed", "5", "--nearest"]


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_has_a_command_that_gives_the_same_bytes_again(run, tmp_path, name):
    shape = SQUARE if name in ("butterfly", "monarch") else SHARED
    for path in ("a.npz", "b.npz"):
        outcome = run("generate", name, *shape, "-o", tmp_path / path)
        assert outcome.code == 0, outcome.err
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    graph = topograph.read(tmp_path / "a.npz")
    assert graph.provenance["family"] == name
    reached = graph.provenance["edges_reached"]
    assert [layer.n_edges for layer in graph.layers] == reached
    if FAMILIES[name].exact:
        told = graph.provenance["edges_asked"] == reached
        assert told or "asked -> reached" in outcome.err
    help_text = run("generate", name, "--help").out
    for option in FAMILIES[name].options:
        assert f"--{option.replace('_', '-')}" in help_text


def test_options_of_a_family_reach_it(run, tmp_path):
    path = tmp_path / "net.npz"
    run("generate", "small-world", *SHARED, "--rewiring", "0.5", "--permuted", "-o", path)
    parameters = topograph.read(path).provenance["parameters"]
    assert (parameters["rewiring"], parameters["permuted"]) == (0.5, True)


def test_layer_densities_and_fan_in(run, tmp_path):
    path = tmp_path / "net.npz"
    outcome = run(
        "generate", "uniform", "--widths", "10,10,5", "--layer-densities", "0.5,1", "-o", path
    )
    assert outcome.code == 0
    assert [layer.n_edges for layer in topograph.read(path).layers] == [50, 50]
    run("generate", "fixed-fan-in", "--widths", "10,10,5", "--fan-in", "3", "-o", path)
    assert [layer.n_edges for layer in topograph.read(path).layers] == [30, 15]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["biregular", "--widths", "784,300", "--density", "0.05"], "58800"),
        (["uniform", "--widths", "10,10"], "density or a fan-in"),
        (["uniform", "--widths", "10,10", "--density", "1.5"], "at most 1"),
        (["uniform", "--widths", "10,10", "--fan-in", "11"], "fan-in of 11"),
        (["n-m", "--widths", "10,10", "--density", "0.3"], "m must divide"),
        (["nonsense"], "No such command"),
    ],
)
def test_what_is_out_of_reach_is_refused_with_what_is_not(run, tmp_path, arguments, words):
    outcome = run("generate", *arguments, "-o", tmp_path / "net.npz")
    assert outcome.code == 2
    assert words in outcome.err
    assert not (tmp_path / "net.npz").exists()


@pytest.mark.parametrize("keep", ["degrees", "density", "everything"])
def test_twins_keep_what_they_say(run, radix, tmp_path, keep):
    path = tmp_path / "twin.npz"
    outcome = run("twin", radix, "--keep", keep, "--seed", "2", "-o", path)
    assert outcome.code == 0
    one, other = topograph.read(radix), topograph.read(path)
    for before, after in zip(one.layers, other.layers, strict=True):
        assert before.n_edges == after.n_edges
        if keep == "degrees":
            assert (before.fan_in() == after.fan_in()).all()
            assert (before.fan_out() == after.fan_out()).all()
    if keep == "degrees":
        assert "swaps accepted" in outcome.err
    if keep == "everything":
        assert topograph.verify(other, ["symmetric"])[0].holds
    assert other.provenance["of"]["family"] == "radix"


def test_the_papers_net_is_suggested_with_its_command(run):
    outcome = run("suggest", "--widths", "784,300,100", "--density", "0.1")
    assert '--systems "[[10,10]]" --dense-widths 8,3,1 --fit 784,300,100' in outcome.out
    first = json.loads(
        run("suggest", "--widths", "784,300,100", "--density", "0.1", "--format", "json").out
    )[0]
    assert first["surplus"] == [16, 0, 0]
    assert run("suggest", "--widths", "784", "--density", "0.1").code == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_every_option_of_a_family_has_a_word_of_help(family):
    command = family_command(FAMILIES[family])
    assert all(option.help for option in command.params if option.name != "seed")
    assert "  " not in command.help.replace("\n", "")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--density", "0.0349"], "Density asked -> reached: 0.0349 -> 0.03.\n"),
        (["--density", "0.03"], ""),
        (["--fan-in", "3"], ""),
        (
            ["--layer-densities", "0.111"],
            "Densities of the layers asked -> reached: 0.111 -> 0.11.\n",
        ),
    ],
)
def test_the_density_reached_is_told_where_it_is_another(run, tmp_path, asked, words):
    outcome = run("generate", "uniform", "--widths", "10,10", *asked, "-o", tmp_path / "net.npz")
    assert outcome.err.partition("\n")[2] == words
