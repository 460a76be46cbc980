"""Nets of PyTorch whose masks are stored in every usual way."""

from __future__ import annotations

from itertools import pairwise

import safetensors.torch
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrize, prune

ONES = torch.ones(2, 3)


class Masking(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight):
        return weight * self.mask


class MaskedLinear(nn.Linear):
    def __init__(self, n_in, n_out, mask, name):
        super().__init__(n_in, n_out)
        self.name = name
        self.register_buffer(name, mask)


def plain(layer, mask):
    layer.weight.data *= mask
    return layer


def pruned(layer, mask):
    return prune.custom_from_mask(layer, "weight", mask)


def parametrized(layer, mask):
    return parametrize.register_parametrization(layer, "weight", Masking(mask))


def buffered(name):
    return lambda layer, mask: MaskedLinear(layer.in_features, layer.out_features, mask, name)


LAYOUTS = {
    "plain": plain,
    "prune": pruned,
    "parametrize": parametrized,
    "weight_mask": buffered("weight_mask"),
    "mask": buffered("mask"),
}


def net_of(masks, layout):
    layers = [LAYOUTS[layout](nn.Linear(*mask.shape[::-1]), mask) for mask in masks]
    return nn.Sequential(*layers)


def save(state, path):
    if path.suffix == ".safetensors":
        safetensors.torch.save_file({n: t.contiguous() for n, t in state.items()}, path)
    else:
        torch.save(state, path)


@st.composite
def chains(draw):
    widths = draw(st.lists(st.integers(1, 9), min_size=2, max_size=12))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    return [
        (torch.rand(n_out, n_in, generator=generator) < 0.5).float()
        for n_in, n_out in pairwise(widths)
    ]
