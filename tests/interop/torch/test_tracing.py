"""What is followed, what is refused, and that the module stays as it was."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional

import topograph.interop
from tests.interop.torch.counts import counted_by_graph, prune_at_random
from tests.interop.torch.nets import Dense, Forward, Residual, small_nets
from topograph.errors import ParameterError, TopographError
from topograph.interop.torch import exported, from_module, module_graphs


def test_importing_the_package_does_not_import_torch():
    code = "import sys, topograph.interop as i; i.to_networkx; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert topograph.interop.from_module is from_module


def by_values(_, x):
    if x.sum() > 0:
        return x
    return -x


def sorted_entries(_, x):
    return x.sort(-1).values


def recurrent(self, x):
    return self.part(x)[0]


def hidden_from_torch(_, x):
    return torch.tensor(x) + x


def kernel_of_input(_, x):
    return functional.conv1d(x, x.new_ones(1, 2, 1) * x.mean())


def written_outside(_, x):
    made = torch.zeros(1, 2, 3)
    made[:, 0] = x[:, 1]
    return made


def stale_view(_, x):
    made = x.clone()
    part = made[:, 0]
    part.add_(x[:, 1])
    return made


def zeroed_view(_, x):
    made = x.clone()
    made[:, 0].zero_()
    return made


def chosen_by_values(_, x):
    return x[:, x.argmax(1)[0]]


def positions(_, x):
    return functional.max_pool1d(x, 2, return_indices=True)[1] * 2.0


REFUSED = [
    (by_values, "'__bool__'.*depends on values", "if x.sum() > 0:"),
    (sorted_entries, "'sort'", "return x.sort(-1).values"),
    (recurrent, "'lstm' of '1.part'", ""),
    (hidden_from_torch, "without saying", "return torch.tensor(x) + x"),
    (kernel_of_input, "'conv1d'.*depend on the input", "functional.conv1d"),
    (written_outside, "'__setitem__'.*did not depend on the input", "made[:, 0] = x[:, 1]"),
    (stale_view, "changed in place through a view", "part.add_(x[:, 1])"),
    (zeroed_view, "changed in place through a view", "made[:, 0].zero_()"),
    (chosen_by_values, "'argmax'", "x[:, x.argmax(1)[0]]"),
    (positions, "positions of largest entries", "functional.max_pool1d"),
]


@pytest.mark.filterwarnings("ignore:To copy construct:UserWarning")
@pytest.mark.parametrize(
    ("forward", "said", "line"), REFUSED, ids=lambda one: getattr(one, "__name__", "")
)
def test_what_cannot_be_traced_is_refused_with_its_line(forward, said, line, monkeypatch):
    def without_export(*_):
        raise RuntimeError

    monkeypatch.setattr("topograph.interop.torch.tracing.trace_by_export", without_export)
    module = nn.Sequential(nn.Conv1d(2, 2, 1), Forward(forward, part=nn.LSTM(3, 3)))
    with pytest.raises(ParameterError, match=said) as caught:
        from_module(module, (2, 3))
    assert line in str(caught.value)
    if line:
        assert "test_tracing.py, line " in str(caught.value)


def test_data_dependent_branches_are_refused_by_export_as_well():
    module = nn.Sequential(nn.Linear(3, 3), Forward(by_values))
    with pytest.raises(ParameterError, match=r"if x.sum\(\) > 0"):
        from_module(module, (3,))


def test_branches_on_shapes_and_loops_are_followed():
    def forward(self, x):
        assert isinstance(x, Tensor)
        n, c, *rest = x.shape
        if x.dim() == 4 and len(x) == 1 and x.size(1) == c:
            for layer in self.layers:
                x = layer(x)
        return x.view(n, -1)[:, : int(rest[0])]

    layers = nn.ModuleList([nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)])
    graph = from_module(Forward(forward, layers=layers), (2, 3, 3))
    assert graph.widths == (18, 18, 18, 3)
    assert [layer.name for layer in graph.layers] == ["layers.0", "layers.1", "getitem"]


def test_a_module_without_layers_is_refused():
    with pytest.raises(ParameterError, match="only passes entries on"):
        from_module(nn.ReLU(), (3,))
    with pytest.raises(ParameterError, match="must depend on its input"):
        from_module(Forward(lambda _, x: torch.zeros_like(x)), (3,))


def test_the_module_is_left_as_it_was():
    module = nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Dropout(), nn.Flatten())
    module.append(nn.Linear(8, 2))
    counter = Forward(lambda self, x: x + self.count.add_(1))
    counter.register_buffer("count", torch.zeros(()))
    module.append(counter)
    module[1].eval()
    before = copy.deepcopy(module.state_dict())
    flags = [part.training for part in module.modules()]
    attributes = {name: set(vars(part)) for name, part in module.named_modules()}
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    from_module(module, (1, 3, 3))
    assert torch.equal(torch.rand(3), expected)
    assert [part.training for part in module.modules()] == flags
    assert {name: set(vars(part)) for name, part in module.named_modules()} == attributes
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
    assert all(weight.requires_grad and weight.grad is None for weight in module.parameters())


def test_hooks_are_followed():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[0].register_forward_hook(lambda _, args, out: out + args[0])
    assert counted_by_graph(from_module(module, (2,))) == [6, 6]


def test_dead_channels_and_pruned_shortcuts_are_found_by_name():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.downsample = nn.Conv2d(2, 2, 1), nn.Sequential(nn.Conv2d(2, 2, 1))

        def forward(self, x):
            return self.conv(x) + self.downsample(x)

    module = nn.Sequential()
    module.layer1 = Block()
    with torch.no_grad():
        module.layer1.downsample[0].weight.zero_()
    for encoding in ("unrolled", "channel"):
        graph = from_module(module, (2, 2, 2), encoding=encoding)
        empty = [layer.name for layer in graph.layers if not layer.n_edges]
        assert empty == ["layer1.downsample.0"]


def test_without_skips_the_main_path_is_left():
    inner = nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 1))
    module = nn.Sequential(Residual(inner, True), Dense(nn.Conv2d(2, 1, 1)))
    graph = from_module(module, (2, 1, 1), skips="without")
    assert graph.provenance["skips"] == "without"
    assert graph.notes[-1] == "Skip connections are left out: '0.add/skip'."
    assert {layer.name for layer in graph.layers} == {
        "0.inner.0", "0.inner.2", "1.inner", "1.cat"
    }  # fmt: skip
    twice = from_module(
        Forward(lambda self, x: self.a(x).relu() + x[:, :2], a=nn.Linear(3, 2)), (3,)
    )
    assert counted_by_graph(twice) == [4, 4]


def test_the_encoding_is_said():
    module = nn.Linear(2, 2)
    for encoding in ("unrolled", "channel"):
        graph = from_module(module, (2,), encoding=encoding)
        assert graph.provenance["encoding"] == encoding
        assert "Units are" in graph.notes[0]
        assert [layer.name for layer in graph.layers] == ["linear"]


@settings(max_examples=8, deadline=None)
@given(drawn=small_nets(most_blocks=3, largest=4))
def test_export_finds_the_same_graph(drawn):
    module, shape = drawn
    graph = from_module(module, shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            module_graphs,
            "trace",
            lambda part, sizes: exported.trace_by_export(part, torch.zeros(1, *sizes)),
        )
        other = from_module(module, shape)
    assert other.provenance["traced_by"] == "torch.export"
    assert counted_by_graph(other) == counted_by_graph(graph)
    assert {layer.name for layer in other.layers if not layer.is_structural} == {
        layer.name for layer in graph.layers if not layer.is_structural
    }


def test_export_is_used_where_fx_fails(monkeypatch):
    def failing(*_):
        raise TypeError("no")

    monkeypatch.setattr("topograph.interop.torch.tracing.trace_by_proxies", failing)
    module = prune_at_random(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), 3)
    graph = from_module(module, (3,))
    assert graph.provenance["traced_by"] == "torch.export"
    monkeypatch.undo()
    assert graph.equals(from_module(module, (3,)))


def test_errors_are_of_topograph():
    def broken(*_):
        raise KeyError("inside")

    with pytest.raises(TopographError, match=r"KeyError: 'inside'") as caught:
        from_module(Forward(broken), (3,))
    assert 'raise KeyError("inside")' in str(caught.value)


def test_what_no_layer_uses_is_said():
    module = Forward(lambda self, x: self.a(x) + self.places, a=nn.Linear(3, 2), b=nn.Linear(3, 1))
    module.places = nn.Parameter(torch.ones(1, 2))
    assert from_module(module, (3,)).skipped == (
        "The parameter 'places' enters as a constant, and joins no units.",
        "The parameter 'b.weight' does not lead from the input to the output.",
    )
