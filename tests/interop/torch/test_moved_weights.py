"""Weights that are turned, cut or replaced, tensors changed through views, and masks of scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

from tests.interop.torch.nets import Forward
from topograph.errors import ParameterError
from topograph.interop import from_module
from topograph.propagation import EXACT, arrive


def reach(graph):
    """Which outputs each input reaches."""
    rows = np.eye(graph.n_inputs, dtype=np.int64)
    return np.array([np.array(arrive(graph, row, EXACT)) > 0 for row in rows])


def parameter(*shape):
    return nn.Parameter(torch.randn(*shape, generator=torch.Generator().manual_seed(3)))


def influence(module, n_inputs):
    """Which outputs move with each input, at random points; parameters are as they are."""
    found = 0
    for seed in range(8):
        torch.manual_seed(seed)
        jacobian = torch.autograd.functional.jacobian(
            lambda values: module(values[None])[0].reshape(-1), torch.randn(n_inputs)
        )
        found = found + jacobian.abs().T
    return np.asarray(found > 1e-12)


def add_to_slice(module, values):
    made = module.fc(values)
    made[:, :2] += values[:, :2]
    return made


def add_through_view(module, values):
    made = module.fc(values)
    part = made[:, :2]
    part.add_(values[:, :2])
    return made


def copy_into_slice(module, values):
    made = module.fc(values)
    made[:, :2].copy_(values[:, 2:])
    return made


def clear_a_column(module, values):
    made = module.fc(values)
    made[:, 1].zero_()
    return made


def write_into_zeros(module, values):
    made = torch.zeros(1, 4)
    made[:, :2] = values[:, :2]
    return module.fc(values) + made


@pytest.mark.parametrize(
    "forward",
    [add_to_slice, add_through_view, copy_into_slice, clear_a_column, write_into_zeros],
    ids=lambda function: function.__name__,
)
def test_what_is_written_through_a_view_is_followed(forward):
    layer = nn.Linear(4, 4, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tril(torch.ones(4, 4)) * torch.randn(4, 4))
    module = Forward(forward, fc=layer)
    assert np.array_equal(reach(from_module(module, (4,))), influence(module, 4))


@pytest.mark.parametrize("given", [True, False], ids=["mask", "pruned"])
@pytest.mark.parametrize(
    "forward",
    [
        lambda module, values: values @ module.weight.t(),
        lambda module, values: functional.linear(values, module.weight.t()),
        lambda module, values: functional.linear(values, module.weight[:2]),
        lambda module, values: functional.linear(
            functional.linear(values, module.weight), module.weight.t()
        ),
    ],
    ids=["right", "turned", "part", "tied"],
)
def test_a_mask_goes_where_its_weight_goes(forward, given):
    mask = torch.triu(torch.ones(3, 3))
    module = Forward(forward, weight=parameter(3, 3))
    masked = Forward(forward, weight=nn.Parameter(module.weight.detach() * mask))
    if given:
        graph = from_module(module, (3,), masks={"weight": mask.bool()})
    else:
        prune.custom_from_mask(module, "weight", mask)
        graph = from_module(module, (3,))
    assert np.array_equal(reach(graph), influence(masked, 3))


def test_another_matrix_of_the_same_shape_does_not_take_the_mask():
    def forward(module, values):
        own = functional.linear(values, module.weight)
        return own + functional.linear(values, module.one @ module.other)

    module = Forward(forward, weight=parameter(5, 5), one=parameter(5, 2), other=parameter(2, 5))
    mask = torch.eye(5)
    prune.custom_from_mask(module, "weight", mask)
    assert reach(from_module(module, (5,))).all()


def test_standardised_weights_keep_the_mask():
    class Standardised(nn.Linear):
        def forward(self, values):
            own = self.weight - self.weight.mean(1, keepdim=True)
            return functional.linear(values, own / own.std(1, keepdim=True))

    torch.manual_seed(0)
    mask = torch.rand(12, 12) < 0.3
    graph = from_module(Standardised(12, 12), (12,), masks={"weight": mask})
    assert graph.n_edges == int(mask.sum())


CAUSAL = torch.tril(torch.ones(3, 3))


def attention(masked):
    def forward(module, values):
        query, key, value = module.query(values), module.key(values), module.value(values)
        scores = query @ key.transpose(1, 2)
        scores = masked(scores)
        return scores.softmax(-1) @ value

    torch.manual_seed(0)
    return Forward(forward, query=nn.Linear(2, 2), key=nn.Linear(2, 2), value=nn.Linear(2, 2))


def in_place(scores):
    scores.masked_fill_(CAUSAL == 0, -torch.inf)
    return scores


def added_in_place(scores):
    scores.add_((1 - CAUSAL) * -1e9)
    return scores


def assigned(scores):
    scores[:, CAUSAL == 0] = -torch.inf
    return scores


@pytest.mark.parametrize(
    "masked",
    [
        in_place,
        added_in_place,
        assigned,
        lambda scores: scores - (1 - CAUSAL) * 1e9,
        lambda scores: scores * CAUSAL - 1e4 * (1 - CAUSAL),
        lambda scores: scores + (1 - CAUSAL) * -1000,
        lambda scores: scores + (1 - CAUSAL) * -100,
        lambda scores: torch.where(CAUSAL == 0, -1e9, scores),
        lambda scores: scores.masked_fill(CAUSAL == 0, -1e4),
        lambda scores: scores + ((1 - CAUSAL) * -1e9)[None, None],
    ],
    ids=["fill_", "add_", "assign", "minus", "gpt", "-1000", "swin", "where", "fill", "axes"],
)
def test_a_causal_net_reads_no_later_token(masked):
    found = reach(from_module(attention(masked), (3, 2))).reshape(3, 2, 3, 2).any((1, 3))
    assert np.array_equal(found, CAUSAL.numpy().T > 0)


def test_a_true_in_a_mask_of_multi_head_attention_hides():
    def forward(module, values):
        values = values.transpose(0, 1)
        made, _ = functional.multi_head_attention_forward(
            values, values, values, 4, 2, module.inner.in_proj_weight, module.inner.in_proj_bias,
            None, None, False, 0.0, module.inner.out_proj.weight, module.inner.out_proj.bias,
            attn_mask=CAUSAL == 0, need_weights=False,
        )  # fmt: skip
        return made.transpose(0, 1)

    module = Forward(forward, inner=nn.MultiheadAttention(4, 2))
    found = reach(from_module(module, (3, 4))).reshape(3, 4, 3, 4).any((1, 3))
    assert np.array_equal(found, CAUSAL.numpy().T > 0)


@pytest.mark.parametrize("scale", [1.5, 1.7, 2.0, 0.6])
@pytest.mark.parametrize("aligned", [False, True])
def test_linear_interpolation_by_a_factor_reads_what_torch_reads(scale, aligned):
    module = Forward(
        lambda net, values: functional.interpolate(
            net.conv(values), scale_factor=scale, mode="bilinear", align_corners=aligned
        ),
        conv=nn.Conv2d(1, 1, 1),
    )
    graph = from_module(module, (1, 5, 5))
    inner = Forward(lambda _, values: module(values.reshape(1, 1, 5, 5)))
    assert np.array_equal(reach(graph), influence(inner, 25))


def test_antialiased_interpolation_is_refused():
    module = Forward(
        lambda net, values: functional.interpolate(
            net.conv(values), size=(3, 3), mode="bilinear", antialias=True
        ),
        conv=nn.Conv2d(1, 1, 1),
    )
    with pytest.raises(ParameterError, match="antialias"):
        from_module(module, (1, 7, 7))


@pytest.mark.parametrize("name", ["sum", "mean", "amax"])
def test_an_axis_is_a_dim(name):
    def net(word):
        function = getattr(torch, name)
        return Forward(
            lambda module, values: function(module.conv(values), **{word: 1}),
            conv=nn.Conv2d(2, 3, 1),
        )

    one, other = (from_module(net(word), (2, 2, 2)) for word in ("axis", "dim"))
    assert one.widths == other.widths
    assert np.array_equal(reach(one), reach(other))
