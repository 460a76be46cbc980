"""Outputs are looked at before any work, and no option is passed over in silence."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from topograph.toy import butterfly, shortcut
from topograph_cli.app import run

COMMAND = [sys.executable, "-c", "from topograph_cli.app import main; main()"]


@pytest.fixture
def net(tmp_path, monkeypatch):
    import topograph

    monkeypatch.chdir(tmp_path)
    topograph.write(butterfly(), tmp_path / "net.npz")
    topograph.write(shortcut(), tmp_path / "other.npz")
    return "net.npz"


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "net.npz", "-o", "net.npz"],
        ["analyze", "net.npz", "-o", "./net.npz", "--format", "json"],
        ["analyze", "net.npz", "--html", "net.npz"],
        ["analyze", "net.npz", "--html", "r.html", "-o", "r.html"],
        ["verify", "net.npz", "--certificate", "net.npz"],
        ["verify", "net.npz", "--certificate", "c.json", "-o", "c.json"],
        ["twin", "net.npz", "-o", "net.npz"],
        ["compare", "net.npz", "other.npz", "-o", "other.npz"],
        ["bottleneck", "net.npz", "-o", "net.npz"],
        ["draw", "net.npz", "--figures", "net.npz"],
        ["analyze", "net.npz", "--figures", "net.npz"],
        ["analyze", "net.npz", "-o", "nowhere/a.json"],
        ["draw", "net.npz", "-o", "nowhere/a.svg"],
        ["prune", "--data", "digits", "--steps", "1", "-o", "net.npz"],
    ],
)
@pytest.mark.usefixtures("net")
def test_no_output_takes_the_place_of_an_input_or_of_another(tmp_path, words, capsys):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(words) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["analyze", "net.npz", "--all", "--metric", "density"], "--metric or --all"),
        (["analyze", "net.npz", "--figure-format", "png"], "--figures"),
        (["analyze", "net.npz", "--each", "--metric", "sigma_1", "--format", "csv"], "take JSON"),
        (["compare", "net.npz", "other.npz", "--metric", "density,sigma_1"], "add --per-layer"),
        (["twin", "net.npz", "--keep", "density", "--swaps-per-edge", "3", "-o", "t"], "degrees"),
        (["generate", "radix", "--systems", "[[2,2]]", "--widths", "4,4", "-o", "r"], "either"),
        (["generate", "radix", "--systems", "[[2,2]]", "--drop", "last", "-o", "r"], "--fit"),
        (
            ["generate", "uniform", "--widths", "4,4", "--density", "1", "--layer-densities", "1",
             "-o", "u"],
            "either",
        ),
        (
            ["generate", "uniform", "--widths", "4,4", "--fan-in", "1", "--allocation", "erk",
             "-o", "u"],
            "--density",
        ),
        (["train", "net.npz", "--steps", "3", "--set", "n_steps=9"], "length once"),
        (["analyze", 'generate:radix "'], "quotation"),
        (["analyze", "generate:radix --systems [[2,2]] -o x.npz"], "leave out -o"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("net")
def test_options_that_do_nothing_are_refused(words, said, capsys):
    assert run(words) == 2
    assert said in capsys.readouterr().err


def test_a_metric_named_twice_is_measured_once(net, capsys):
    words = ["--metric", "path_count_cv,path_count_cv", "--null", "degree", "--samples", "5"]
    assert run(["analyze", net, *words, "--jobs", "1", "--format", "csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["null_samples"] == "5"


def test_the_suffix_of_the_output_says_how_verdicts_are_written(net, tmp_path):
    assert run(["verify", net, "-o", "verdicts.json"]) == 0
    assert len(json.loads((tmp_path / "verdicts.json").read_text())["verdicts"]) == 2
    assert run(["bottleneck", net, "-o", "cut.json"]) == 0
    assert json.loads((tmp_path / "cut.json").read_text())["widths"]
    assert run(["verify", net, "-o", "verdicts.csv"]) == 0
    assert (tmp_path / "verdicts.csv").read_text().startswith("connected")


def test_metrics_of_layers_are_compared_layer_by_layer(net, capsys):
    words = ["compare", net, "other.npz", "--metric", "sigma_1", "--per-layer", "--format", "csv"]
    assert run(words) == 0
    assert capsys.readouterr().out.startswith("metric,layer,source,value,")


def test_a_metric_is_explained_as_json_too(capsys):
    assert run(["metrics", "density", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "density"


@pytest.mark.parametrize("words", [["metrics", "--format", "json"], ["generate", "--help"]])
def test_a_reader_that_leaves_early_is_no_error(words):
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


@pytest.mark.usefixtures("net")
def test_what_the_encoding_lacks_is_written_as_an_escape():
    done = subprocess.run(
        [*COMMAND, "compare", "net.npz", "other.npz", "--metric", "density"],
        env={"PYTHONIOENCODING": "cp1252", "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u25b2" in done.stdout


def test_a_folder_with_layers_of_another_net_is_not_written_into(net, capsys):
    assert run(["convert", net, "folder"]) == 0
    assert run(["convert", net, "folder"]) == 0
    assert run(["convert", net, "folder", "--layers", "1:1"]) == 2
    assert "n4-l2.tsv" in capsys.readouterr().err
    assert run(["convert", net, "sparse", "--to", "scipy"]) == 0
    assert run(["convert", net, "sparse", "--to", "scipy", "--layers", "1:1"]) == 2


def test_suggested_commands_make_what_is_suggested(tmp_path, monkeypatch, capsys):
    import topograph

    monkeypatch.chdir(tmp_path)
    words = ["--widths", "784,300,100", "--density", "0.1"]
    assert run(["suggest", *words, "--format", "json"]) == 0
    suggestions = json.loads(capsys.readouterr().out)
    assert any(min(one["surplus"]) < 0 for one in suggestions)
    assert run(["suggest", *words]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    commands = [line for line in lines if line.startswith("topograph ")]
    for one, command in zip(suggestions, commands, strict=True):
        assert run(shlex.split(command)[1:]) == 0
        net = topograph.read(tmp_path / "net.npz")
        assert topograph.metrics.density(net) == pytest.approx(one["density_fitted"])
