"""The scripts in examples/ run, and the masks that ship are what they say."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import topograph
from topograph.generators import append_dense, fit_widths, radix_net

EXAMPLES = Path(__file__).parents[2] / "examples"
RADIX = radix_net([[10, 10]], [8, 3, 1])
RADIX_LENET = append_dense(fit_widths(RADIX, [784, 300, 100]), 10)


def run(script, *arguments, **options):
    command = [sys.executable, str(EXAMPLES / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def needs(*packages):
    for package in packages:
        pytest.importorskip(package, reason=f"{package} is not installed")


def layer_edges(graph):
    return [layer.n_edges for layer in graph.layers]


def kept(widths, sparsity):
    sizes = [n_in * n_out for n_in, n_out in itertools.pairwise(widths)]
    return [size - round(sparsity * size) for size in sizes]


def without_versions(provenance):
    if not isinstance(provenance, Mapping):
        return provenance
    return {key: without_versions(said) for key, said in provenance.items() if key != "version"}


def test_quick_masks_have_the_stated_sparsity(tmp_path):
    needs("torch", "sklearn")
    done = run("make_masks.py", "--quick", "--sparsity", "0.9", "--seed", "3", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    digits = topograph.read(tmp_path / "lenet-300-100-digits.npz")
    assert digits.widths == (64, 300, 100, 10)
    assert layer_edges(digits) == [1920, 3000, 100]
    assert digits.provenance["sparsity"] == 0.9
    assert digits.provenance["seed"] == 3
    assert digits.provenance["epochs"] == 2
    assert digits.provenance["test_accuracy_dense"] > 0.7
    assert "test accuracy" in done.stdout
    assert topograph.read(tmp_path / "radix-800-300-100.npz").equals(RADIX)
    assert topograph.read(tmp_path / "radix-lenet.npz").equals(RADIX_LENET)


def test_quick_masks_never_replace_those_that_ship():
    done = run("make_masks.py", "--quick", "-o", EXAMPLES)
    assert done.returncode == 2
    assert "must not overwrite" in done.stderr


def test_missing_data_is_one_sentence(tmp_path):
    needs("torch")
    done = run("make_masks.py", "--data", tmp_path, "-o", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: MNIST needs train-images-idx3-ubyte.gz in ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_masks_from_mnist(tmp_path):
    needs("torch")
    data = os.environ.get("TOPOGRAPH_DATA")
    if not data or not (Path(data) / "mnist").is_dir():
        pytest.skip("TOPOGRAPH_DATA names no folder with mnist/ in it")
    done = run("make_masks.py", "--data", data, "--sparsity", "0.98", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    mask = topograph.read(tmp_path / "lenet-300-100-mnist.npz")
    assert layer_edges(mask) == [4704, 600, 20]
    assert mask.provenance["test_accuracy_dense"] > 0.97


@pytest.mark.parametrize(
    ("file", "data", "sparsity", "widths"),
    [
        ("lenet-300-100-digits.npz", "digits of scikit-learn", 0.95, (64, 300, 100, 10)),
        ("lenet-300-100-mnist.npz", "MNIST", 0.98, (784, 300, 100, 10)),
    ],
)
def test_shipped_pruned_masks(file, data, sparsity, widths):
    mask = topograph.read(EXAMPLES / file)
    assert mask.widths == widths
    assert [layer.name for layer in mask.layers] == ["fc1", "fc2", "fc3"]
    assert layer_edges(mask) == kept(widths, sparsity)
    assert {"method", "seed", "epochs", "training", "torch", "topograph"} <= set(mask.provenance)
    assert mask.provenance["data"] == data
    assert mask.provenance["sparsity"] == sparsity
    assert mask.provenance["test_accuracy_dense"] > 0.97
    assert mask.provenance["test_accuracy_pruned"] < mask.provenance["test_accuracy_dense"]
    useless = mask.n_edges - topograph.metrics.effective_edges(mask)
    assert useless > 0
    assert f"| {useless} of {mask.n_edges} |" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize(
    ("file", "made"),
    [("radix-800-300-100.npz", RADIX), ("radix-lenet.npz", RADIX_LENET)],
)
def test_shipped_radix_nets_are_what_the_generator_makes(file, made):
    net = topograph.read(EXAMPLES / file)
    assert net.equals(made)
    assert without_versions(net.provenance) == without_versions(made.provenance)
    assert topograph.verify(net, ["symmetric"])[0].holds


def test_shipped_masks_are_small():
    masks = list(EXAMPLES.glob("*.npz"))
    assert len(masks) == 7
    assert max(mask.stat().st_size for mask in masks) < 100_000


def test_comparison_shows_what_the_papers_say():
    done = run("compare_radix_and_random.py", "--quick")
    assert done.returncode == 0, done.stderr
    _, _, *lines = done.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    spread = {(size, family): float(cv) for size, family, _, cv, *_ in rows}
    gaps = {(row[0], row[1]): [float(gap) for gap in row[5].split(",")] for row in rows}
    expected = {
        "N = 100, d = 10, depth 2": 0.91,
        "N = 100, d = 10, depth 3": 0.28,
        "N = 64, d = 2, depth 6": 0.94,
    }
    assert {size for size, _ in spread} == set(expected)
    for size, cv in expected.items():
        assert spread[size, "RadiX"] == 0
        assert spread[size, "biregular"] == pytest.approx(cv, abs=0.05)
        assert spread[size, "shuffled"] == pytest.approx(cv, abs=0.1)
        assert gaps[size, "shuffled"] == gaps[size, "RadiX"]
        if "d = 10" in size:
            assert gaps[size, "RadiX"][1] == 0
            assert min(gaps[size, "biregular"]) > 3


def test_families_are_compared():
    needs("torch", "sklearn")
    done = run("compare_families.py", "--quick", "--steps", "5")
    assert "## Density 0.05" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("| radix |")]
    assert len(rows) == 2
    for row in rows:  # no unconnected pair, path CV 0, end-to-end gap 1
        assert [cell.strip() for cell in row.split("|")[3:6]] == ["0", "0", "1"]


def test_the_pruning_rows_are_rerun():
    needs("torch", "sklearn")
    done = run("reproduce_alford2018.py", "--quick", "--steps", "3")
    lines = [line for line in done.stdout.splitlines() if line.startswith("| lenet-300-100 |")]
    assert len(lines) == 18
    assert "| 0.99 | 56.08 |" in done.stdout


def test_rates_while_weights_are_dropped():
    needs("torch", "sklearn")
    quick = ("rates_while_pruning.py", "--quick", "--steps", "3", "--seeds", "1")
    done = run(*quick, "--sparsities", "0.5", "--ways", "anew,alone")
    assert done.returncode == 0, done.stderr
    lines = [line.split("|")[1:-1] for line in done.stdout.splitlines() if "| 1 |" in line]
    assert [line[0].strip() for line in lines] == ["dense", "anew", "alone"]
    assert all(0 <= float(line[-1]) <= 100 for line in lines[1:])
    done = run(*quick, "--only-train", "2")
    assert "| on | 1 |" in done.stdout


def test_families_are_trained(tmp_path):
    needs("torch", "sklearn", "safetensors")
    done = run("train_families.py", "--quick", "--engine", "dense", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split("|")[1:] for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    means = {(line[0].strip(), float(line[1])): float(line[4]) for line in lines}
    assert len(means) == 21
    assert means["dense", 0] > 80
    assert means["uniform", 0.995] < 50
    again = run("train_families.py", "--quick", "--engine", "dense", "-o", tmp_path)
    assert again.stdout == done.stdout
    assert again.stderr == ""  # nothing is trained twice


def test_the_random_rows_are_rerun():
    needs("torch", "sklearn", "safetensors")
    done = run("reproduce_alford2018_topologies.py", "--quick", "--engine", "dense")
    assert done.returncode == 0, done.stderr
    assert "| random .01 | 74.1 |" in done.stdout
    assert "| RadiX .1, 10 x wider | 93.98 |" in done.stdout
