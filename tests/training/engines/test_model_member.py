from __future__ import annotations

import pytest
import torch

from tests.training.engines.model_members import masks_of
from topograph.errors import ParameterError
from topograph.training.engines.model_member import ModelMember, layer_names


def test_edges_and_density_are_those_of_the_masks():
    masks = masks_of("lenet-5", 0.25, leave=("conv1",))
    member = ModelMember.of_masks("lenet-5", masks, "net", 3, 0.5)
    assert (member.name, member.seed, member.rate_factor) == ("net", 3, 0.5)
    assert member.n_edges == sum(int(mask.sum()) for mask in masks.values())
    assert member.density == member.n_edges / sum(mask.numel() for mask in masks.values())
    assert ModelMember("dense", "lenet-5", {}).density == 1.0


def test_a_dense_output_layer_is_the_last_of_the_model():
    """Not the last that has a mask."""
    masks = {name: mask.numpy() for name, mask in masks_of("lenet-5", leave=("conv1",)).items()}
    for model, last in (("lenet-5", "fc2"), ("conv-net", "fc"), ("resnet-20", "fc")):
        assert layer_names(model)[-1] == f"{last}.weight"
    dense = ModelMember.of_masks("lenet-5", masks, output_layer="dense")
    assert list(dense.masks) == ["conv2.weight", "fc1.weight", "fc2.weight"]
    assert bool(dense.masks["fc2.weight"].all())
    assert not bool(dense.masks["fc1.weight"].all())
    del masks["fc2.weight"]
    same = ModelMember.of_masks("lenet-5", masks, output_layer="dense")
    assert list(same.masks) == ["conv2.weight", "fc1.weight"]
    assert all(mask.dtype == torch.bool for mask in same.masks.values())


def test_masks_of_no_model_are_refused():
    mask = torch.ones(10, 128, dtype=torch.bool)
    with pytest.raises(ParameterError, match="one of lenet-300-100"):
        ModelMember("net", "lenet-4", {})
    with pytest.raises(ParameterError, match=r"net: A mask must be of one of conv1\.weight"):
        ModelMember("net", "conv-net", {"norm1.weight": mask})
    with pytest.raises(ParameterError, match=r"net: The mask of fc\.weight must be boolean"):
        ModelMember("net", "conv-net", {"fc.weight": mask.float()})
