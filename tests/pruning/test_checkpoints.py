"""Checkpoints of nets that were trained elsewhere."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import topograph
from topograph.architectures import build_architecture, graph_of
from topograph.architectures.loading import held_state
from topograph.errors import ParameterError, TopographError
from topograph.io import read_state_dict
from topograph.pruning import (
    prune_magnitude,
    prune_random,
    prune_state_dict,
    read_to_prune,
    write_pruned,
)
from topograph_cli import prune_command
from topograph_cli.app import run as run_arguments
from topograph_cli.app import topograph as commands


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setitem(commands.commands, "prune", prune_command.prune)

    def start(*arguments):
        code = run_arguments(["prune", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return start


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A net with skips and normalisation, and its checkpoint in both formats."""
    from safetensors.torch import save_file

    torch.manual_seed(0)
    net = build_architecture("resnet20", (3, 8, 8), 5, widths=(4, 4, 8))
    folder = tmp_path_factory.mktemp("trained")
    save_file(net.state_dict(), folder / "net.safetensors")
    torch.save(net.state_dict(), folder / "net.pt")
    return net, folder


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_a_checkpoint_is_pruned_as_its_net_is(trained, scope, tmp_path):
    net, folder = trained
    expected = prune_magnitude(net, 0.8, scope=scope)
    for name in ("net.safetensors", "net.pt"):
        state, stem, ending = read_to_prune(folder / name)
        assert name == stem + ending
        found = prune_state_dict(state, 0.8, scope=scope)
        assert {key: mask.tolist() for key, mask in found.masks.items()} == {
            key: mask.tolist() for key, mask in expected.masks.items()
        }
        assert found.sparsity_reached == pytest.approx(0.8, abs=0.01)
        write_pruned(found, tmp_path / name)
        again = build_architecture("resnet20", (3, 8, 8), 5, widths=(4, 4, 8))
        again.load_state_dict(_loaded(tmp_path / name))  # strict: nothing is missing
        for key, value in net.state_dict().items():
            kept = expected.masks.get(key, torch.ones_like(value, dtype=torch.bool))
            assert torch.equal(again.state_dict()[key], value * kept)
        graph = graph_of(tmp_path / name, "resnet20", (3, 8, 8))
        assert graph.n_inputs == 192


def _loaded(path):
    from safetensors.torch import load_file

    return torch.load(path) if path.suffix == ".pt" else load_file(path)


@pytest.mark.parametrize("allocation", ["uniform", "erk"])
def test_chance_prunes_a_dense_checkpoint_as_its_net(trained, allocation):
    net, folder = trained
    expected = prune_random(net, 0.9, allocation=allocation, seed=3, exclude=["linear"])
    found = prune_state_dict(
        read_state_dict(folder / "net.pt"),
        0.9,
        "random",
        allocation=allocation,
        exclude=["linear"],
        seed=3,
    )
    assert "linear.weight" not in found.masks
    for name, mask in found.masks.items():
        assert torch.equal(mask, expected.masks[name])


@given(
    arrays.arrays(np.float32, (4, 6), elements=st.sampled_from([0.0, 0.5, -1.0, 2.0, -3.0])),
    st.sampled_from([0.0, 0.25, 0.5, 0.9]),
    st.sampled_from(["magnitude", "random"]),
)
def test_what_is_kept_is_a_weight_and_exactly_as_many_as_there_are(weights, sparsity, method):
    found = prune_state_dict(held_state({"fc.weight": weights}), sparsity, method)
    mask = found.masks["fc.weight"].numpy()
    n_wanted = weights.size - round(sparsity * weights.size)
    assert mask.sum() == min(n_wanted, np.count_nonzero(weights))
    assert not mask[weights == 0].any()
    if method == "magnitude" and mask.any() and not mask.all():
        assert np.abs(weights[mask]).min() >= np.abs(weights[~mask]).max()
    assert found.collapsed == (() if mask.any() else ("fc.weight",))


def test_pruning_twice_keeps_what_was_pruned(trained, tmp_path):
    state, *_ = read_to_prune(trained[1] / "net.safetensors")
    write_pruned(prune_state_dict(state, 0.5), tmp_path / "half.safetensors")
    half, *_ = read_to_prune(tmp_path / "half.safetensors")
    for sparsity in (0.3, 0.9):
        both, once = (prune_state_dict(given, sparsity) for given in (half, state))
        for name, mask in both.masks.items():
            assert not (mask & ~once.masks[name]).any()
    assert prune_state_dict(half, 0.3).sparsity_reached == pytest.approx(0.5, abs=0.01)


def test_refusals(trained, tmp_path):
    state, *_ = read_to_prune(trained[1] / "net.pt")
    for options, said in (
        ({"sparsity": 1.0}, "below 1"),
        ({"method": "snip"}, "nn.Module"),
        ({"method": "random", "scope": "global"}, "no scope"),
        ({"allocation": "erk"}, "no allocation"),
        ({"exclude": ["fc9"]}, "fc9"),
        ({"exclude": list(state.parameters)}, "not excluded"),
    ):
        with pytest.raises(ParameterError) as caught:
            prune_state_dict(state, **{"sparsity": 0.5, **options})
        assert said in str(caught.value) + (caught.value.hint or "")
    diverged = held_state({"fc.weight": np.array([[np.nan, 1.0]])})
    with pytest.raises(TopographError, match=r"fc\.weight"):
        prune_state_dict(diverged, 0.5)
    masks = held_state({"fc.weight_mask": np.array([[True, False]])})
    with pytest.raises(ParameterError, match="masks alone"):
        prune_state_dict(masks, 0.5)
    with pytest.raises(ParameterError, match=r"\.npz"):
        write_pruned(prune_state_dict(state, 0.5), tmp_path / "net.npz")


def test_the_command_writes_a_copy_a_sparsity_that_says_how_it_was_made(run, trained, tmp_path):
    code, out, err = run(
        trained[1] / "net.safetensors", "--method", "magnitude", "--sparsity", "0.5,0.9",
        "--exclude", "linear", "-o", tmp_path, "--quiet",
    )  # fmt: skip
    assert (code, err) == (0, "")
    names = ["net-magnitude-0.5.safetensors", "net-magnitude-0.9.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    header, *rows = out.splitlines()
    assert header.split() == ["file", "asked", "reached", "weights", "kept"]
    assert [row.split()[:2] for row in rows] == [[names[0], "0.5"], [names[1], "0.9"]]
    graph = graph_of(tmp_path / names[1], "resnet20", (3, 8, 8), encoding="channel")
    (note,) = [note for note in graph.notes if note.startswith("Pruned, as the file says: ")]
    said = json.loads(note.partition(": ")[2])
    assert said["method"] == "magnitude"
    assert (said["sparsity"], said["topograph"]) == (0.9, topograph.__version__)
    assert said["parameters"] == {"scope": "layer", "exclude": ["linear.weight"]}
    kept = sum(
        int((value != 0).sum())
        for name, value in _loaded(tmp_path / names[1]).items()
        if value.ndim > 1 and name != "linear.weight"
    )
    assert rows[1].split()[-1] == f"{kept:,}"
    first = (tmp_path / names[0]).read_bytes()
    run(trained[1] / "net.safetensors", "--method", "magnitude", "--sparsity", "0.5",
        "--exclude", "linear", "-o", tmp_path, "--quiet")  # fmt: skip
    assert (tmp_path / names[0]).read_bytes() == first


def test_the_command_says_what_does_not_go_together(run, trained, tmp_path):
    source = trained[1] / "net.pt"
    for arguments, said in (
        ((source, "--method", "magnitude", "--retrain"), "--retrain"),
        ((source, "--method", "magnitude", "--keep-output-dense"), "--exclude"),
        (("--method", "magnitude", "--exclude", "fc1"), "--exclude"),
        ((tmp_path / "none.pt", "--method", "magnitude"), "must exist"),
    ):
        code, out, err = run(*arguments, "-o", tmp_path / "masks")
        assert code != 0
        assert out == ""
        assert said in err
    assert not (tmp_path / "masks").exists()
    shutil.copy(source, tmp_path / "v1.2.pt")
    code, _, err = run(
        tmp_path / "v1.2.pt", "--method", "random", "--sparsity", "0.999", "-o", tmp_path / "masks"
    )
    assert code == 0
    assert "has no weight left" in err
    assert [path.name for path in (tmp_path / "masks").iterdir()] == ["v1.2-random-0.999.pt"]


def test_a_layer_that_shares_its_weights_with_an_embedding_stays(tmp_path):
    table = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
    state = {"embed_tokens.weight": table, "body.weight": torch.eye(4), "lm_head.weight": table}
    torch.save(state, tmp_path / "tied.pt")
    pruned = prune_state_dict(read_state_dict(tmp_path / "tied.pt"), 0.5)
    assert set(pruned.masks) == {"body.weight"}
    assert pruned.provenance["parameters"]["exclude"] == ["lm_head.weight"]
    torch.save(state | {"lm_head.weight": table + 1}, tmp_path / "apart.pt")
    apart = prune_state_dict(read_state_dict(tmp_path / "apart.pt"), 0.5)
    assert set(apart.masks) == {"body.weight", "lm_head.weight"}
