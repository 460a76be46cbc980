from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
import torch

from topograph import metrics
from topograph.analysis_without_wiring import analyze_layers_alone
from topograph.biadjacency import Convolution, Sparse
from topograph.errors import ParameterError
from topograph.graph import chain


@pytest.fixture
def weights():
    """Three weights that do not chain, one of them a kernel, and an embedding."""
    rng = np.random.default_rng(0)
    shapes = {"q": (6, 10), "conv": (4, 8, 3, 3), "up": (9, 5)}
    masks = {name: rng.random(shape) < 0.5 for name, shape in shapes.items()}
    masks["q"][:, 3] = False
    masks["up"][[1, 2]] = False
    return masks


@pytest.fixture
def checkpoint(weights, tmp_path):
    path = tmp_path / "net.pt"
    state = {f"{name}.weight": torch.tensor(mask) * 0.5 for name, mask in weights.items()}
    torch.save({**state, "embed_tokens.weight": torch.ones(7, 3), "q.bias": torch.ones(6)}, path)
    return path


def test_each_weight_is_measured_as_a_net_of_one_layer(checkpoint, weights):
    report = analyze_layers_alone(checkpoint)
    assert [layer.name for layer in report.layers] == list(weights)
    assert report.verdicts == () == report.widths
    for name, mask in weights.items():
        held = Convolution(mask, (3, 3)) if mask.ndim > 2 else Sparse.from_matrix(mask.T)
        net = chain([held])
        (layer,) = net.layers
        assert report.measurement("fan_out_cv", name).value == metrics.fan_out_cv(layer)
        assert report.measurement("share_2_4", name).value == metrics.share_2_4(layer)
        assert report.measurement("dead_inputs", name).value == metrics.dead_inputs(net)
        assert report.measurement("dead_outputs", name).value == metrics.dead_outputs(net)
        assert report.measurement("component_count", name).value == metrics.component_count(net)
    assert report.measurement("dead_inputs", "q").value >= 1
    assert report.measurement("dead_outputs", "up").value >= 2
    kept = sum(int(mask.sum()) for mask in weights.values())
    assert report.measurement("edge_count").value == kept
    assert report.measurement("density").value == kept / sum(m.size for m in weights.values())


def test_paths_are_not_spoken_of_and_the_report_says_so(run, checkpoint):
    outcome = run("analyze", checkpoint, "--layers-alone")
    assert outcome.code == 0
    assert "without wiring there are no paths" in " ".join(outcome.out.split())
    assert "none: each layer stands alone" in outcome.out
    assert "Verdicts" not in outcome.out
    assert "path_count" not in outcome.out
    assert "embed" in outcome.out  # left out, and said
    markdown = run("analyze", checkpoint, "--layers-alone", "--format", "markdown").out
    assert "## Verdicts" not in markdown


def test_metrics_may_be_chosen_and_all_formats_are_written(run, checkpoint):
    asked = ["analyze", checkpoint, "--layers-alone", "--metric", "share_2_4,sigma_1"]
    rows = list(csv.DictReader(io.StringIO(run(*asked, "--format", "csv").out)))
    assert {row["metric"] for row in rows} == {"share_2_4", "sigma_1"}
    report = json.loads(run(*asked, "--format", "json").out)
    assert [layer["name"] for layer in report["layers"]] == ["q", "conv", "up"]
    assert run("analyze", checkpoint, "--layers-alone", "--all").code == 0


def test_metrics_of_the_network_are_refused(checkpoint):
    with pytest.raises(ParameterError, match="'path_count' is of a whole network"):
        analyze_layers_alone(checkpoint, metrics=["path_count"])


def test_a_layer_without_edges_is_strict(run, tmp_path):
    path = tmp_path / "net.pt"
    torch.save({"a.weight": torch.zeros(3, 2), "b.weight": torch.ones(5, 4)}, path)
    outcome = run("analyze", path, "--layers-alone", "--strict")
    assert outcome.code == 3
    assert "Layer 'a' has no edges." in outcome.out


def test_the_error_of_weights_that_do_not_chain_names_the_way(run, checkpoint):
    outcome = run("analyze", checkpoint)
    assert outcome.code == 1
    assert "--layers-alone" in outcome.err


@pytest.mark.parametrize(
    "more",
    [
        ("--weighted",),
        ("--model", "resnet20"),
        ("--exact",),
        ("--layers", "1:1"),
        ("--null", "degree"),
        ("--html", "out.html"),
        ("--figures", "out"),
    ],
)
def test_what_needs_a_net_is_refused(run, checkpoint, more):
    outcome = run("analyze", checkpoint, "--layers-alone", *more)
    assert outcome.code == 2
    assert f"{more[0]} does not go with --layers-alone" in outcome.err


def test_several_checkpoints_are_several_reports(run, checkpoint):
    assert run("analyze", checkpoint, checkpoint, "--layers-alone").code == 2
    outcome = run("analyze", checkpoint, checkpoint, "--layers-alone", "--each", "--format", "json")
    assert len(outcome.out.splitlines()) == 2
