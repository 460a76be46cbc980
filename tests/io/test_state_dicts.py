from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import topograph
from tests.io.saved_states import LAYOUTS, ONES, chains, net_of, save
from topograph.biadjacency import BitPacked
from topograph.errors import GraphError, ParameterError, ReadError
from topograph.io import masks_of, parameter_edges, read, read_state_dict, weight_of

fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


@fixtures
@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("layout", LAYOUTS)
@given(masks=chains())
def test_every_layout_gives_the_masks_that_were_put_in(tmp_path, layout, ending, masks):
    path = tmp_path / f"net{ending}"
    save(net_of(masks, layout).state_dict(), path)
    state = read_state_dict(path)
    found = masks_of(state)
    assert found.keys() == {f"{number}.weight" for number in range(len(masks))}
    for number, mask in enumerate(masks):
        assert np.array_equal(found[f"{number}.weight"], mask.numpy() != 0)
    graph = read(path)
    expected = topograph.from_layers(
        {str(number): mask for number, mask in enumerate(masks)}, orientation="out-in"
    )
    assert graph.equals(expected)
    assert any(note.startswith(("Masks were taken", "Entries")) for note in graph.notes)
    assert graph.skipped == ()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_weight_is_what_the_layer_uses(tmp_path, layout):
    torch.manual_seed(0)
    mask = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    net = net_of([mask], layout)
    save(net.state_dict(), tmp_path / "net.pt")
    state = read_state_dict(tmp_path / "net.pt")
    expected = (net[0].weight * mask).detach().numpy()
    assert np.array_equal(weight_of(state, "0.weight"), expected)
    with pytest.raises(ParameterError):
        weight_of(state, "1.weight")


def test_a_file_of_masks_alone_is_read_whatever_its_names(tmp_path):
    mask = torch.tensor([[1, 0], [0, 1], [1, 1]])
    for name in ("fc1", "fc1.weight", "fc1.weight_mask", "masks.0"):
        for dtype in (torch.bool, torch.uint8, torch.float32):
            torch.save({name: mask.to(dtype)}, tmp_path / "mask.pth")
            graph = read(tmp_path / "mask.pth")
            assert np.array_equal(graph.layers[0].biadjacency.to_csr().toarray(), mask.T)
    torch.save({"fc1.weight_mask": mask}, tmp_path / "mask.pth")
    assert weight_of(read_state_dict(tmp_path / "mask.pth"), "fc1.weight") is None


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ({"fc.weight_orig": ONES}, "must come with fc.weight_mask"),
        ({"fc.weight_orig": ONES, "fc.weight_mask": ONES.T}, "must have the shape of the weight"),
        ({"fc.weight": ONES, "fc.weight_mask": ONES[:1]}, "must have the shape of the weight"),
        ({"fc.weight_orig": ONES, "fc.weight_mask": ONES / 2}, "0 and 1 alone"),
        ({"fc.weight_orig": ONES * torch.nan, "fc.weight_mask": ONES}, "NaN"),
        ({"fc.parametrizations.weight.original": ONES}, "stored with its mask"),
        ({"fc.parametrizations.weight.0.mask": ONES}, "stored with its mask"),
        (
            {
                "fc.parametrizations.weight.original0": ONES[:, :1],
                "fc.parametrizations.weight.original1": ONES,
            },
            "stored with its mask",
        ),
        ({"fc.qweight": ONES.int(), "fc.qzeros": ONES.int()}, "packed or shifted"),
        ({"fc.weight_packed": ONES.int()}, "packed or shifted"),
        ({"norm.weight": ONES[0]}, "holds no matrix"),
    ],
)
def test_what_is_missing_or_wrong_is_said(tmp_path, saved, said):
    torch.save(saved, tmp_path / "net.pt")
    with pytest.raises((ReadError, GraphError), match=said):
        read(tmp_path / "net.pt")


def test_spectral_norm_has_the_zeros_of_its_weight(tmp_path):
    saved = {"fc.weight_orig": torch.eye(3), "fc.weight_u": torch.ones(3)}
    torch.save(saved, tmp_path / "net.pt")
    assert read(tmp_path / "net.pt").n_edges == 3


def test_what_a_user_should_know_of_is_skipped_by_name(tmp_path):
    saved = {
        "embed_tokens.weight": torch.ones(50, 3),
        "pos": torch.ones(1, 4, 3),
        "fc.weight": ONES,
        "fc.bias_orig": torch.ones(2),
        "fc.bias_mask": torch.ones(2),
        "norm.weight": torch.ones(2),
        "norm.running_mean": torch.ones(2),
        "norm.num_batches_tracked": torch.tensor(3),
    }
    torch.save(saved, tmp_path / "net.pt")
    graph = read(tmp_path / "net.pt")
    assert [layer.name for layer in graph.layers] == ["fc"]
    for name in ("embed_tokens.weight", "pos", "fc.bias"):
        assert sum(repr(name) in line for line in graph.skipped) == 1
    assert len(graph.skipped) == 3


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_layer_10_comes_after_layer_2(tmp_path, ending):
    widths = range(3, 16)
    saved = {f"fc{n}.weight": torch.ones(n + 1, n) for n in reversed(widths)}
    save(saved, tmp_path / f"net{ending}")
    graph = read(tmp_path / f"net{ending}")
    assert graph.widths == tuple(range(3, 17))
    assert [layer.name for layer in graph.layers] == [f"fc{n}" for n in widths]
    assert any("order of their names" in note for note in graph.notes)


def test_the_order_of_the_module_comes_before_that_of_names(tmp_path):
    torch.save({"b.weight": torch.eye(2), "a.weight": ONES.T}, tmp_path / "net.pt")
    assert [layer.name for layer in read(tmp_path / "net.pt").layers] == ["b", "a"]


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ({"conv1.weight": torch.ones(4, 3, 3, 3), "fc.weight": ONES}, r"'conv1.weight' of shape"),
        ({"a.weight": ONES, "b.weight": ONES}, r"'a.weight' has 2 outputs and 'b.weight' 3 inputs"),
    ],
)
def test_what_does_not_chain_says_how_to_give_the_model(tmp_path, saved, said):
    torch.save(saved, tmp_path / "net.pt")
    with pytest.raises(ReadError, match=f"do not form a chain: {said}") as caught:
        read(tmp_path / "net.pt")
    assert "--model resnet20" in caught.value.hint
    assert "--model package.module:factory --input-shape 3,32,32" in caught.value.hint
    assert masks_of(read_state_dict(tmp_path / "net.pt")).keys() == saved.keys()


def test_an_orientation_that_is_asked_for_counts(tmp_path):
    torch.save({"fc.weight": torch.tensor([[1.0, 0, 0], [1.0, 1, 0]])}, tmp_path / "net.pt")
    as_torch = read(tmp_path / "net.pt")
    assert as_torch.equals(read(tmp_path / "net.pt", orientation="out-in"))
    turned = read(tmp_path / "net.pt", orientation="in-out")
    assert turned.layers[0].biadjacency.to_csr().toarray().tolist() == [[1, 0, 0], [1, 1, 0]]


def test_other_files_beside_a_state_dict_are_out_in_too(tmp_path):
    torch.save({"fc.weight": torch.ones(3, 2)}, tmp_path / "net.pt")
    np.save(tmp_path / "last.npy", np.ones((5, 3)))
    topograph.write(topograph.from_layers([np.ones((5, 4))]), tmp_path / "archive.npz")
    assert read([tmp_path / "net.pt", tmp_path / "last.npy"]).widths == (2, 3, 5)
    torch.save({"fc.weight": torch.ones(5, 3)}, tmp_path / "net.pt")
    assert read([tmp_path / "net.pt", tmp_path / "archive.npz"]).widths == (3, 5, 4)


@fixtures
@given(st.integers(1, 70), st.integers(1, 70), st.floats(0, 1))
def test_edges_of_a_parameter_are_its_mask_turned(tmp_path, n_out, n_in, density):
    mask = torch.rand(n_out, n_in, generator=torch.Generator().manual_seed(n_in)) < density
    torch.save({"fc.weight": mask}, tmp_path / "net.pt")
    state = read_state_dict(tmp_path / "net.pt")
    edges = parameter_edges(state.parameters["fc.weight"])
    assert np.array_equal(edges.to_csr().toarray(), mask.numpy().T)


def test_a_large_dense_parameter_is_held_as_bits_and_read_in_pieces(tmp_path):
    torch.manual_seed(0)
    weight = torch.randn(4100, 2050).bfloat16()
    weight[torch.rand(weight.shape) < 0.5] = 0
    save({"fc.weight": weight}, tmp_path / "net.safetensors")
    parameter = read_state_dict(tmp_path / "net.safetensors").parameters["fc.weight"]
    edges = parameter_edges(parameter)
    assert isinstance(edges, BitPacked)
    assert edges.n_edges == int((weight != 0).sum())
    assert np.array_equal(edges.bits, BitPacked.from_matrix((weight != 0).numpy().T).bits)
