from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.io.saved_states import save
from topograph.errors import TopographError
from topograph.io import masks_of, read, read_state_dict, weight_of


def compressed(weight, style, names):
    """Return the tensors that compressed-tensors writes of a weight."""
    kept = weight.numpy() != 0
    packed = np.packbits(kept, axis=-1, bitorder="little")
    counts = kept.sum(axis=1)
    parts = {"bitmask": torch.from_numpy(packed), "compressed": weight[torch.from_numpy(kept)]}
    if style == "2:4":
        parts["shape"] = torch.tensor(weight.shape).reshape(-1, 1)
        parts["compressed"] = parts["compressed"].reshape(len(weight), -1)
    else:
        parts["shape"] = torch.tensor(weight.shape)
        parts["row_offsets"] = torch.from_numpy(np.cumsum(counts) - counts)
    return {f"{names}.{part}": tensor for part, tensor in parts.items()}


@pytest.mark.parametrize("names", ["fc", "fc.weight"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bitmasks_of_compressed_tensors_are_read(tmp_path, names, dtype):
    torch.manual_seed(0)
    weight = (torch.rand(5, 19) * (torch.rand(5, 19) < 0.4)).to(dtype)
    path = tmp_path / "net.safetensors"
    saved = compressed(weight.float(), "free", names)
    saved[f"{names}.compressed"] = saved[f"{names}.compressed"].to(dtype)
    save({**saved, "fc.bias": torch.ones(5)}, path)
    state = read_state_dict(path)
    assert np.array_equal(masks_of(state)["fc.weight"], (weight != 0).numpy())
    assert np.array_equal(weight_of(state, "fc.weight"), weight.float().numpy())
    assert list(state.others) == ["fc.bias"]
    assert read(path).n_edges == int((weight != 0).sum())


def test_a_2_4_bitmask_is_read_without_offsets(tmp_path):
    torch.manual_seed(0)
    weight = torch.rand(6, 16) + 0.1
    weight[:, ::2] = 0
    save(compressed(weight, "2:4", "fc"), tmp_path / "net.safetensors")
    state = read_state_dict(tmp_path / "net.safetensors")
    assert np.array_equal(weight_of(state, "fc.weight"), weight.numpy())


@pytest.mark.parametrize(
    ("part", "tensor"),
    [
        ("bitmask", torch.zeros(5, 2, dtype=torch.uint8)),
        ("bitmask", torch.full((5, 3), 7, dtype=torch.uint8)),
        ("compressed", torch.ones(7)),
        ("compressed", torch.ones(5, 7)),
        ("compressed", None),
        ("compressed", torch.full((95,), torch.nan)),
        ("row_offsets", torch.arange(5)),
        ("row_offsets", torch.arange(6)),
        ("row_offsets", torch.full((5,), -1)),
        ("row_offsets", None),
        ("shape", torch.tensor([5, 3, 7])),
        ("shape", torch.tensor([5, -19])),
        ("shape", torch.tensor([5.0, 19.0])),
        ("shape", torch.tensor([10**15, 10**15])),
        ("shape", None),
    ],
)
def test_bitmasks_that_do_not_fit_are_refused(tmp_path, part, tensor):
    saved = compressed(torch.ones(5, 19), "free", "fc")
    if tensor is None:
        del saved[f"fc.{part}"]
    else:
        saved[f"fc.{part}"] = tensor
    save(saved, tmp_path / "net.safetensors")
    with pytest.raises(TopographError) as caught:
        read(tmp_path / "net.safetensors")
    assert "'fc" in str(caught.value)
