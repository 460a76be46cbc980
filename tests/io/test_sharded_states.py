from __future__ import annotations

import json

import pytest
import torch

from tests.io.saved_states import ONES, save
from topograph.errors import ReadError
from topograph.io import read, read_state_dict


def sharded(folder, shards, index=True):
    places = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save(shard, folder / name)
        places |= dict.fromkeys(shard, name)
    if index:
        path = folder / "model.safetensors.index.json"
        path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return places


SHARDS = [{"fc1.weight": torch.eye(3, 4), "fc1.bias": torch.ones(3)}, {"fc2.weight": ONES}]


@pytest.mark.parametrize("index", [True, False])
def test_shards_are_read_as_one(tmp_path, index):
    sharded(tmp_path, SHARDS, index)
    graph = read(tmp_path)
    assert graph.widths == (4, 3, 2)
    assert graph.n_edges == 9
    if index:
        assert read(tmp_path / "model.safetensors.index.json").equals(graph)


def test_shards_of_torch_are_read_as_one(tmp_path):
    for number, shard in enumerate(SHARDS):
        torch.save(shard, tmp_path / f"pytorch_model-{number}.bin")
    places = {name: f"pytorch_model-{n}.bin" for n, shard in enumerate(SHARDS) for name in shard}
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert read(index).widths == (4, 3, 2)


def test_a_missing_shard_or_tensor_is_named(tmp_path):
    places = sharded(tmp_path, SHARDS)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places | {"fc3.weight": places["fc2.weight"]}}))
    with pytest.raises(ReadError, match=r"'fc3.weight' must be in model-00002"):
        read(index)
    sharded(tmp_path, SHARDS)
    (tmp_path / places["fc2.weight"]).unlink()
    with pytest.raises(ReadError, match=r"model-00002-of-00002.safetensors: .*must exist"):
        read(index)


def test_a_tensor_in_two_shards_is_refused(tmp_path):
    sharded(tmp_path, [SHARDS[0], SHARDS[0]], index=False)
    with pytest.raises(ReadError, match=r"'fc1.(weight|bias)' is in model-00002"):
        read(tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"weight_map": {}},
        {"weight_map": {"a.weight": "../other.safetensors"}},
        {"weight_map": {"a.weight": "/etc/passwd"}},
        {"weight_map": {"a.weight": ".."}},
        {"weight_map": {"a.weight": 3}},
        {"weight_map": {"a.weight": "other.json"}},
    ],
)
def test_a_hostile_index_is_refused(tmp_path, said):
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps(said))
    with pytest.raises(ReadError):
        read(index)


def test_a_folder_without_weights_or_edges_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no such file"):
        read(tmp_path)
    with pytest.raises(ReadError, match="has none"):
        read_state_dict(tmp_path)
