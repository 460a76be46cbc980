from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

import topograph
from topograph.pruning import METHODS
from topograph.training import DATA_SETS, MODELS, RECIPES
from topograph_cli import prune_command
from topograph_cli.app import run as run_arguments
from topograph_cli.app import topograph as commands

QUICK = ("--steps", 10, "--quiet")


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setitem(commands.commands, "prune", prune_command.prune)

    def start(*arguments):
        code = run_arguments(["prune", *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return start


def test_choices_are_those_of_the_library():
    assert set(prune_command.METHODS) == set(METHODS)
    assert set(prune_command.MODELS) == set(MODELS)
    assert set(prune_command.DATA_SETS) == set(DATA_SETS)
    assert set(prune_command.RECIPES) == set(RECIPES)


def test_one_mask_a_level_and_a_table(run, tmp_path):
    folder = tmp_path / "masks"
    code, out, err = run(
        "--method", "magnitude", "--sparsity", "0.5,0.90", "-o", folder, "--retrain", *QUICK
    )
    assert code == 0, err
    names = [f"lenet-300-100-magnitude-{said}.npz" for said in ("0.5", "0.90")]
    assert sorted(path.name for path in folder.iterdir()) == names
    lines = out.splitlines()
    assert lines[0].split() == ["asked", "reached", "dense", "pruned", "retrained", "file"]
    assert [line.split()[-1] for line in lines[1:]] == names
    graph = topograph.read(folder / names[1])
    assert graph.widths == (64, 300, 100, 10)
    assert graph.n_edges == 5020
    accuracy = graph.provenance["accuracy"]
    assert set(accuracy) == {"dense", "pruned", "retrained"}
    assert f"{accuracy['dense']:.4f}" == lines[2].split()[2]
    assert str(tmp_path) not in json.dumps(dict(graph.provenance))


def test_the_same_command_gives_the_same_bytes(run, tmp_path):
    for folder in ("a", "b"):
        run("--method", "rigl", "--sparsity", "0.9", "--seed", 3, "-o", tmp_path / folder, *QUICK)
    name = "lenet-300-100-rigl-0.9.npz"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_mask_that_takes_the_place_of_another_is_noted(run, tmp_path):
    said = {}
    for seed in (3, 3, 4):
        once = run(
            "--method", "random", "--sparsity", "0.9", "--seed", seed, "-o", tmp_path, *QUICK
        )
        assert once[0] == 0
        said[seed] = once[2]
    assert "is replaced" not in said[3]
    assert "lenet-300-100-random-0.9.npz was there and held something else" in said[4]


def test_convolutions_are_written(run, tmp_path):
    code, _, err = run(
        "--model", "lenet-5", "--method", "snip", "--sparsity", "0.9", "-o", tmp_path, *QUICK
    )
    assert code == 0, err
    with zipfile.ZipFile(tmp_path / "lenet-5-snip-0.9.npz") as archive:
        assert "topograph-convolutions.json" in archive.namelist()


def test_epochs_are_turned_into_steps(run, tmp_path):
    code, _, err = run(
        "--method", "magnitude", "--sparsity", "0.5", "--epochs", 2, "--quiet", "-o", tmp_path
    )
    assert code == 0, err
    graph = topograph.read(tmp_path / "lenet-300-100-magnitude-0.5.npz")
    assert graph.provenance["n_steps"] == 20


def test_a_lost_layer_is_noted(run, tmp_path):
    code, _, err = run(
        "--method", "snip", "--sparsity", "0.9999", "--scope", "global", "-o", tmp_path, *QUICK
    )
    assert code == 0
    assert "has no weight left" in err


def test_an_interruption_leaves_what_is_done(run, tmp_path, monkeypatch):
    from topograph import pruning

    real = pruning.prune_levels

    def interrupted(plan, progress):
        yield next(real(plan, progress))
        raise KeyboardInterrupt

    monkeypatch.setattr(pruning, "prune_levels", interrupted)
    code, out, err = run("--method", "random", "--sparsity", "0.5,0.9", "-o", tmp_path, *QUICK)
    assert code == 130
    assert "Interrupted." in err
    assert [path.name for path in tmp_path.iterdir()] == ["lenet-300-100-random-0.5.npz"]
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "guess"], "guess"),
        (["--method", "snip", "--sparsity", "0.5,x"], "list of sparsities"),
        (["--method", "snip", "--sparsity", "1"], "below 1"),
        (["--method", "snip", "--sparsity", "0.5,0.50"], "twice"),
        (["--method", "snip", "--steps", "5", "--epochs", "5"], "either"),
        (["--method", "rigl", "--scope", "layer"], "no scope"),
        (["--method", "snip", "--rounds", "3"], "no rounds"),
    ],
)
def test_wrong_options_are_2_and_write_nothing(run, tmp_path, arguments, words):
    folder = tmp_path / "masks"
    code, _, err = run(*arguments, "-o", folder)
    assert code == 2
    assert words in err
    assert not folder.exists()


def test_missing_data_is_1(run, tmp_path, monkeypatch):
    monkeypatch.delenv("TOPOGRAPH_DATA", raising=False)
    for more in ([], ["--data-dir", tmp_path]):
        code, _, err = run("--method", "random", "--data", "mnist", *more, "-o", tmp_path / "m")
        assert code == 1
        assert err.startswith("Error: ")


def python(program):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_the_command_line_starts_without_torch_and_numpy():
    done = python(
        "import sys, topograph_cli.prune_command\n"
        "print([name for name in ('torch', 'numpy', 'topograph.pruning') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_torch_there_is_one_sentence(tmp_path):
    done = python(
        "import sys; sys.modules['torch'] = None\n"
        "from topograph_cli import app, prune_command\n"
        "app.topograph.add_command(prune_command.prune)\n"
        f"sys.exit(app.run(['prune', '--method', 'snip', '-o', {str(tmp_path / 'm')!r}]))"
    )
    assert done.returncode == 1
    assert "topograph[train]" in done.stderr
    assert done.stderr.startswith("Error: This needs the package torch")
