"""Units that are channels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from tests.interop.torch.counts import counted_by_graph, prune_at_random, reads
from tests.interop.torch.nets import Dense, Residual, small_nets
from topograph.errors import ParameterError
from topograph.interop.torch import from_module


def channel_graph(module, shape):
    return from_module(module, shape, encoding="channel")


@settings(max_examples=40, deadline=None)
@given(small_nets())
def test_an_input_that_is_read_is_read_by_channel(drawn):
    module, shape = drawn
    unrolled = reads(from_module(module, shape))
    by_channel = reads(channel_graph(module, shape))
    if by_channel.shape[0] == unrolled.shape[0]:  # flattened at once: every feature is a unit
        expected = unrolled
    else:
        expected = unrolled.reshape(shape[0], -1, unrolled.shape[1]).any(axis=1)
    assert by_channel.shape == expected.shape
    assert (by_channel >= expected).all()


@settings(max_examples=30, deadline=None)
@given(small_nets())
def test_channels_are_joined_where_any_weight_is_kept(drawn):
    module, shape = drawn
    weights = dict(module.named_parameters())
    for layer in channel_graph(module, shape).layers:
        if layer.is_structural:
            continue
        weight = weights[layer.name.partition("@")[0] + ".weight"].detach()
        part = module.get_submodule(layer.name.partition("@")[0])
        if isinstance(part, nn.Linear):
            blocks = (weight != 0).reshape(weight.shape[0], layer.shape[0], -1).any(2)
            assert layer.n_edges == blocks.sum()
        else:
            assert layer.n_edges == (weight != 0).flatten(2).any(2).sum()


def test_a_small_net_by_hand():
    module = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 2),
    )
    with torch.no_grad():
        module[0].weight[1, 0] = 0
        module[5].weight[0, 4:8] = 0
    graph = channel_graph(module, (2, 4, 4))
    assert graph.widths == (2, 3, 2)
    assert graph.layer("0").biadjacency.to_csr().toarray().tolist() == [[1, 0, 1], [1, 1, 1]]
    assert graph.layer("5").biadjacency.to_csr().toarray().tolist() == [[1, 1], [0, 1], [1, 1]]


def test_blocks_join_channels():
    module = nn.Sequential(
        Residual(nn.Conv2d(2, 2, 1), in_place=False), Dense(nn.Conv2d(2, 1, 1)), nn.Conv2d(3, 1, 2)
    )
    graph = channel_graph(module, (2, 3, 3))
    assert graph.widths == (2, 2, 3, 1)
    names = [layer.name for layer in graph.layers]
    assert set(names) == {"0.inner", "0.add/skip", "1.inner", "1.cat", "2"}


def test_features_of_tokens_are_units_and_the_class_token_has_the_same():
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.first = nn.Conv2d(3, 4, 2, 2), nn.Parameter(torch.zeros(1, 1, 4))
            self.inner, self.mixing, self.head = nn.Linear(4, 4), nn.Linear(5, 5), nn.Linear(4, 2)

        def forward(self, images: Tensor) -> Tensor:
            tokens = self.patches(images).flatten(2).transpose(1, 2)
            tokens = torch.cat([self.first, tokens], 1)
            tokens = tokens + self.inner(tokens)
            tokens = tokens + self.mixing(tokens.transpose(1, 2)).transpose(1, 2)
            return self.head(tokens[:, 0])

    graph = channel_graph(Tokens(), (3, 4, 4))
    assert graph.widths == (3, 4, 4, 4, 2)
    assert graph.layer("mixing").n_edges == 4  # places are mixed, each feature alone


def test_squeeze_and_excite_and_means_of_channels():
    class Gates(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.down = nn.Conv2d(2, 4, 1), nn.Conv2d(4, 2, 1)
            self.up, self.place = nn.Conv2d(2, 4, 1), nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, images: Tensor) -> Tensor:
            values = self.conv(images)
            gates = self.up(self.down(values.mean((2, 3), keepdim=True))).sigmoid()
            values = values * gates
            return values * self.place(values.mean(1, keepdim=True))

    graph = channel_graph(Gates(), (2, 3, 3))
    assert graph.widths[:3] == (2, 4, 2)
    assert graph.n_outputs == 4
    assert reads(graph).all()


@pytest.mark.parametrize(
    ("module", "shape", "n_inputs"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2), 4),
        (nn.Linear(3, 2), (4, 3), 3),
        (nn.Conv1d(2, 2, 2), (2, 5), 2),
        (nn.Linear(3, 2), (3,), 3),
        (nn.Conv3d(2, 1, 2), (2, 2, 2, 2), 2),
    ],
)
def test_the_first_layer_says_what_the_channels_of_the_input_are(module, shape, n_inputs):
    assert channel_graph(module, shape).n_inputs == n_inputs


def test_windows_of_tokens_share_their_units():
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attn = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, tokens: Tensor) -> Tensor:
            windows = tokens.view(-1, 2, 4)
            return self.attn(windows, windows, windows)[0].reshape(tokens.shape)

    module = prune_at_random(Windows(), 2, density=0.7)
    graph = channel_graph(module, (6, 4))
    assert graph.widths == (4, 12, 4, 4)
    unrolled = reads(from_module(module, (6, 4)))
    assert not unrolled[:8, 8:].any()
    expected = unrolled.reshape(6, 4, 6, 4).any(axis=(0, 2))
    assert np.array_equal(reads(graph), expected)
    assert sum(counted_by_graph(graph)) > 0


def test_products_without_channels_are_refused():
    class Scores(nn.Module):
        def forward(self, tokens: Tensor) -> Tensor:
            return tokens @ tokens.transpose(1, 2)

    with pytest.raises(ParameterError, match="has no channels"):
        channel_graph(Scores(), (3, 4))


@pytest.mark.parametrize("encoding", ["channel", "unrolled"])
def test_channels_are_those_that_the_first_convolution_reads(encoding):
    class Permuted(nn.Module):
        def __init__(self, conv, order):
            super().__init__()
            self.conv, self.order = conv, order

        def forward(self, values):
            turned = ((values - 0.5) / 0.2).relu().permute(self.order)
            padded = nn.functional.pad(turned, (1, 1))
            if isinstance(self.conv, nn.Conv1d):
                return nn.functional.conv1d(weight=self.conv.weight, input=padded)
            return self.conv(padded)

    for conv, order, shape in (
        (nn.Conv1d(3, 4, 2), (0, 2, 1), (5, 3)),
        (nn.Conv2d(2, 3, 2), (0, 3, 1, 2), (5, 5, 2)),
        (nn.Conv1d(3, 4, 2), (0, 1, 2), (3, 5)),
    ):
        graph = from_module(Permuted(conv, order), shape, encoding=encoding)
        if encoding == "channel":
            assert graph.widths == (conv.in_channels, conv.out_channels)
        else:
            assert graph.n_inputs == math.prod(shape)
