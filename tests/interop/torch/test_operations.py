"""Who reads whom, operation by operation: as the gradients of torch have it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.interop.torch.counts import assert_reads_as_gradients, counted_by_graph, reads
from topograph.errors import ParameterError
from topograph.interop.torch import from_module

F = functional


class Applied(nn.Module):
    """A function of one tensor as a module, with parameters if it needs some."""

    def __init__(self, function: Callable[..., Tensor], **parameters: Tensor) -> None:
        super().__init__()
        self.function = function
        for name, value in parameters.items():
            setattr(self, name, nn.Parameter(value))

    def forward(self, values: Tensor) -> Tensor:
        return self.function(self, values) if self._parameters else self.function(values)


def in_place(values: Tensor) -> Tensor:
    made = values.clone()
    made[:, 0] = values[:, 1]
    return made


def added_in_place(values: Tensor) -> Tensor:
    made = values.flip(1).clone()
    made.add_(values.roll(1, 2))
    return made.tanh_()


MOVES = {
    "permute": lambda x: x.permute(0, 2, 3, 1),
    "transpose": lambda x: x.transpose(1, 3),
    "slice": lambda x: x[:, 1:, ::2],
    "newaxis": lambda x: x[..., None, 1:],
    "index": lambda x: x[:, torch.tensor([1, 0, 1])],
    "mask": lambda x: x[:, torch.tensor([True, False])],
    "chunk": lambda x: torch.cat(x.chunk(2, 3)[::-1], 3),
    "split": lambda x: x.split([1, 3], -1)[1] + 0,
    "unbind": lambda x: torch.stack(list(x.unbind(1)), -1),
    "pad": lambda x: F.pad(x, (1, 0, 2, 1), value=3.0),
    "reflect": lambda x: F.pad(x, (1, 1, 0, 2), mode="reflect"),
    "circular": lambda x: F.pad(x, (1, 1, 1, 1), mode="circular"),
    "shuffle": lambda x: F.channel_shuffle(x, 2).flip(2),
    "pixels": lambda x: F.pixel_unshuffle(x, 2),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "nearest exact": lambda x: F.interpolate(x, (3, 5), mode="nearest-exact"),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "interleave": lambda x: x.repeat_interleave(2, 1),
    "expand": lambda x: x[:, :1].expand(-1, 3, -1, -1),
    "roll": lambda x: torch.roll(x, (1, 2), (2, 3)),
    "flip": lambda x: x.flip(-1),
    "unfold": lambda x: x.unfold(3, 2, 1),
    "windows": lambda x: x.view(1, 2, 2, 2, 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(4, -1, 2),
    "select": lambda x: x.select(1, 1),
    "narrow": lambda x: x.narrow(3, 1, 2),
    "gather": lambda x: x.gather(1, torch.zeros(1, 1, 4, 4, dtype=torch.long)),
    "index_select": lambda x: x.index_select(2, torch.tensor([3, 0])),
    "where": lambda x: torch.where(torch.eye(4, dtype=torch.bool), x, 2.0),
    "squeeze": lambda x: x[:, :1].squeeze(1).unsqueeze(0).mT,
    "setitem": in_place,
    "stack": lambda x: torch.stack([x, x.flip(1)], 2),
    "with constants": lambda x: torch.cat([torch.ones(1, 1, 4, 4), x], 1),
    "hstack": lambda x: torch.hstack((x, x)),
    "tril": lambda x: x.tril(),
}
SUMS = {
    "add": lambda x: x + x.flip(1),
    "broadcast": lambda x: x + x.mean((2, 3), keepdim=True).flip(1),
    "iadd": lambda x: x.flip(1).add_(x),
    "in place": added_in_place,
    "sub": lambda x: 1 - x - x.roll(1, 2),
    "constants": lambda x: (x + torch.arange(4.0) * 2).sum(1),
    "wider": lambda x: x[:, :1] + torch.zeros(3, 1, 1),
    "times": lambda x: x * x.flip(1),
    "divided": lambda x: x / (2 + x.flip(1) ** 2),
    "swish": lambda x: (x * torch.sigmoid(x)).flip(1),
    "glu": lambda x: F.glu(x, 1),
    "maximum": lambda x: torch.logaddexp(x, x.flip(3)),
    "squeeze and excite": lambda x: x * x.sum((2, 3), keepdim=True).flip(1).sigmoid(),
}
WINDOWS = {
    "avg": lambda x: F.avg_pool2d(x, 2, 1, 1),
    "avg ceil": lambda x: F.avg_pool2d(x, 3, 2, ceil_mode=True),
    "rectangular": lambda x: F.avg_pool2d(x, (1, 3), padding=(0, 1)),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, (3, None)),
    "global": lambda x: F.adaptive_avg_pool2d(x, 1),
    "mean": lambda x: x.mean(dim=(2, 3)),
    "mean of channels": lambda x: x.mean(1),
    "sum": lambda x: x.sum(-1, keepdim=True),
    "all": lambda x: x.sum() + 0,
    "std": lambda x: x.std(3),
    "norm": lambda x: torch.linalg.vector_norm(x, dim=2),
    "logsumexp": lambda x: x.logsumexp((1, 2)),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "aligned": lambda x: F.interpolate(x, (7, 3), mode="bilinear", align_corners=True),
    "area": lambda x: F.interpolate(x, (3, 2), mode="area"),
}
LINEAR = {
    "linear": lambda m, x: F.linear(x, m.w),
    "matmul": lambda m, x: x @ m.w,
    "rmatmul": lambda m, x: m.w @ x,
    "functional": lambda m, x: F.conv2d(x, m.k, stride=2, padding=1),
    "computed": lambda m, x: F.conv2d(x, m.k * (m.k > 0), padding="same"),
    "turned": lambda m, x: F.conv_transpose2d(x, m.k[:2], stride=2, output_padding=1),
    "tokens": lambda m, x: F.linear(x.flatten(2).transpose(1, 2), m.v),
    "batch of windows": lambda m, x: F.conv2d(x.reshape(4, 2, 2, 2), m.k, padding=1),
    "addmm": lambda m, x: torch.addmm(torch.zeros(4, dtype=torch.float64), x.reshape(8, 4), m.w),
    "einsum": lambda m, x: torch.einsum("bchw,wk->bkhc", x, m.w),
    "einsum over two": lambda m, x: torch.einsum("ockl,bchw->bhwokl", m.k, x),
    "token mixing": lambda m, x: F.linear(x.transpose(1, 3), m.v).transpose(1, 3),
}
ALL = {**MOVES, **SUMS, **WINDOWS}


@pytest.mark.parametrize("name", ALL)
def test_entries_are_read_as_gradients_say(name):
    assert_reads_as_gradients(Applied(ALL[name]), (2, 4, 4))


@pytest.mark.parametrize("name", LINEAR)
def test_weights_are_read_as_gradients_say(name):
    def sparse(*shape: int) -> Tensor:
        generator = torch.Generator().manual_seed(1)
        values = torch.randn(shape, generator=generator, dtype=torch.float64)
        return values * (torch.rand(shape, generator=generator) < 0.5)

    module = Applied(LINEAR[name], w=sparse(4, 4), k=sparse(3, 2, 3, 3), v=sparse(3, 2))
    assert_reads_as_gradients(module, (2, 4, 4))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv1d(2, 3, 2, dilation=2, padding="same"), (2, 5)),
        (nn.Conv2d(2, 4, 2, padding_mode="circular", padding=1, groups=2), (2, 3, 3)),
        (nn.Conv3d(1, 2, 2, stride=(1, 2, 1)), (1, 2, 3, 3)),
        (nn.ConvTranspose1d(2, 2, 3, 2, 1, 1), (2, 3)),
        (nn.ConvTranspose2d(2, 4, 2, groups=2, dilation=2), (2, 2, 3)),
        (nn.ConvTranspose3d(1, 1, 2), (1, 2, 2, 2)),
        (nn.Linear(3, 2), (4, 3)),
        (nn.AvgPool1d(2), (2, 5)),
        (nn.AvgPool3d(2, 1), (1, 2, 3, 3)),
        (nn.Upsample(scale_factor=3, mode="nearest"), (2, 2, 2)),
        (nn.PixelShuffle(2), (4, 2, 2)),
        (nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Flatten(2), nn.Linear(4, 1)), (4, 2)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_layers_are_read_as_gradients_say(layer, shape):
    assert_reads_as_gradients(layer, shape)


def test_maxima_read_their_whole_windows():
    for function, fan_in in (
        (lambda x: F.max_pool2d(x, 2), 4),
        (lambda x: F.max_pool2d(x, 2, return_indices=True)[0], 4),
        (lambda x: F.adaptive_max_pool2d(x, 1), 16),
        (lambda x: x.amax((2, 3)), 16),
        (lambda x: x.max(dim=3).values, 4),
        (lambda x: x.max(2)[0], 4),
        (lambda x: torch.max(x, x.flip(3)), 2),
    ):
        assert set(counted_by_graph(from_module(Applied(function), (2, 4, 4)))) == {fan_in}


def test_norms_that_are_written_out_join_no_units():
    def normalised(module: nn.Module, values: Tensor) -> Tensor:
        centred = values - values.mean(-1, keepdim=True)
        found = centred * torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + 1e-6)
        found = found.exp() / found.exp().sum(-1, keepdim=True)
        return F.linear(found, module.w)

    graph = from_module(Applied(normalised, w=torch.ones(3, 4)), (2, 4))
    assert [layer.name for layer in graph.layers] == ["w"]
    assert any("Normalisation" in note for note in graph.notes)


@pytest.mark.parametrize(
    ("function", "is_norm"),
    [
        (lambda x: x - x.mean(-1, keepdim=True), True),
        (lambda x: torch.add(x, x.mean(-1, keepdim=True), alpha=-1), True),
        (lambda x: x + x.mean(-1, keepdim=True), False),
        (lambda x: x.mean(-1, keepdim=True) + x, False),
        (lambda x: torch.sub(x, x.mean(-1, keepdim=True), alpha=-2), False),
    ],
)
def test_a_mean_that_is_added_is_another_way(function, is_norm):
    module = Applied(lambda module, x: F.linear(function(x), module.w), w=torch.eye(4))
    graph = from_module(module, (4,))
    expected = np.eye(4) if is_norm else np.ones((4, 4))
    assert np.array_equal(reads(graph) > 0, expected)
    assert any("Normalisation" in note for note in graph.notes) == is_norm


def test_an_operand_of_a_product_counts_once():
    graph = from_module(Applied(lambda x: x.flip(0) * x.flip(1) * x.flip(1)), (3,))
    assert counted_by_graph(graph) == [2, 2, 2]


def test_elementwise_operations_make_no_levels():
    act = [nn.ReLU(inplace=True), nn.Dropout(), nn.Identity(), nn.PReLU(), nn.Hardswish()]
    graph = from_module(nn.Sequential(nn.Linear(3, 3), *act, nn.Linear(3, 2)), (3,))
    assert graph.widths == (3, 3, 2)


def test_an_embedding_is_where_the_graph_begins():
    class Language(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(9, 3), nn.Embedding(5, 3)
            self.head = nn.Linear(3, 9, bias=False)

        def forward(self, tokens: Tensor) -> Tensor:
            _, length = tokens.size()
            return self.head(self.tokens(tokens) + self.places(torch.arange(length)))

    graph = from_module(Language(), (4,))
    assert graph.widths == (12, 36)
    assert any("'tokens.weight'" in note for note in graph.notes)


def test_the_order_of_outputs_is_that_of_the_tensor():
    graph = from_module(nn.Sequential(nn.Linear(2, 3), Applied(lambda x: x.flip(1)[:, :2])), (2,))
    assert graph.widths[-1] == 2
    weight = torch.tensor([[1.0, 0], [0, 0], [1, 1]])
    net = nn.Sequential(nn.Linear(2, 3), Applied(lambda x: x.flip(1)))
    with torch.no_grad():
        net[0].weight.copy_(weight)
    assert np.array_equal(
        from_module(net, (2,)).layers[0].biadjacency.to_csr().toarray(), [[1, 0, 1], [1, 0, 0]]
    )


def test_outputs_that_no_window_can_place_are_refused():
    module = nn.ConvTranspose1d(1, 1, 3, stride=2, dilation=3, output_padding=2)
    assert module(torch.zeros(1, 1, 4)).shape[-1] == 15
    with pytest.raises(ParameterError, match="output_padding must be smaller than its stride"):
        from_module(module, (1, 4))
