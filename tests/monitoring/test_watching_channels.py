"""The monitor on nets that are no chain of linear layers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from topograph.architectures import build_architecture
from topograph.interop.torch import from_module
from topograph.metrics import dead_hidden, dead_outputs, effective_edges
from topograph.monitoring import monitor, read_records


class Branches(nn.Module):
    """A residual block with a depthwise convolution, then features of several places."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.inner = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.head = nn.Linear(16, 3)

    def forward(self, images):
        hidden = self.stem(images).relu()
        hidden = hidden + self.inner(hidden)
        return self.head(hidden.flatten(1))


def nets_with_convolutions():
    torch.manual_seed(0)
    yield Branches(), (2, 2, 2)
    yield build_architecture("resnet20", (1, 8, 8), 3, widths=(4, 4, 6)), (1, 8, 8)
    yield nn.Sequential(nn.Conv2d(4, 6, 1, groups=2), nn.Flatten(), nn.Linear(24, 2)), (4, 2, 2)
    yield nn.Sequential(nn.ConvTranspose2d(2, 3, 2), nn.Flatten(), nn.Linear(27, 2)), (2, 2, 2)


def ones_of(net):
    return {name: np.ones(one.shape) for name, one in net.named_parameters() if one.ndim > 1}


@pytest.mark.parametrize("number", range(4))
def test_channels_of_convolutions_are_swept(number, monkeypatch):
    monkeypatch.setattr("topograph.monitoring.watching.SHARE", 1e9)
    net, shape = list(nets_with_convolutions())[number]
    watch = monitor(net, every=1, input_shape=shape)
    assert "those of channels" in watch.notes[-1]
    assert watch.records[0].effective_density == 1
    whole = from_module(net, shape, encoding="channel", masks=ones_of(net))
    n_possible = sum(layer.n_edges for layer in whole.weighted_layers)
    rng = np.random.default_rng(0)
    for _ in range(2):
        for parameter in net.parameters():
            if parameter.ndim > 1:
                gone = rng.random((len(parameter), *[1] * (parameter.ndim - 1))) < 0.2
                gone = gone | (rng.random(parameter.shape) < 0.4)
                parameter.data[torch.from_numpy(gone)] = 0
        record = watch.step()
        graph = from_module(net, shape, encoding="channel")
        effective = sum(effective_edges(graph, layer) for layer in graph.weighted_layers)
        assert record.effective_density == pytest.approx(effective / n_possible)
        assert record.dead_units == dead_hidden(graph)
        assert record.dead_outputs == dead_outputs(graph)


def test_sweeps_that_take_too_long_are_left_out_and_said(monkeypatch):
    net, shape = next(nets_with_convolutions())
    watch = monitor(net, every=1, input_shape=shape)
    monkeypatch.setattr("topograph.monitoring.watching.SHARE", 0.0)
    record = watch.step()
    assert record.effective_density is None
    assert set(record.skipped) == {"effective_density", "dead_units", "dead_outputs"}
    assert "more than 1 %" in record.skipped["dead_units"]
    assert record.density == 1
    monkeypatch.setattr("topograph.monitoring.watching.SHARE", 1e9)
    assert watch.step().effective_density == 1


def test_what_cannot_be_traced_is_said():
    net = next(nets_with_convolutions())[0]
    watch = monitor(net, every=1)
    assert "input_shape" in watch.notes[-1]
    assert "input_shape" in watch.step().skipped["effective_density"]

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, values):
            return torch.linalg.inv(self.layer(values))

    watch = monitor(Odd(), every=1)
    assert "cannot be traced" in watch.notes[-1]
    assert watch.step().dead_units is None


def test_linear_layers_that_are_no_chain_are_swept_as_channels():
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, values):
            return self.two(self.one(values) + values)

    net = Skip()
    net.one.weight.data.zero_()
    watch = monitor(net, every=1)
    assert watch.records[0].effective_density == pytest.approx(6 / 15)
    assert watch.records[0].dead_units == 0


def test_records_survive_a_file(tmp_path):
    net, shape = next(nets_with_convolutions())
    watch = monitor(net, every=1, input_shape=shape)
    net.stem.weight.data[0] = 0
    watch.step()
    path = tmp_path / "records.jsonl"
    watch.to_jsonl(path)
    assert read_records(path) == watch.records
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1]
    assert rows[0]["alarms"] == []
    assert rows[1]["layers"][0]["name"] == "stem"


class Tied(nn.Module):
    """Two layers with one weight, and one that no input passes."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(5, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        self.c.weight = self.b.weight
        self.idle, self.last = nn.Linear(4, 4), nn.Linear(6, 3)

    def forward(self, values):
        return self.last(self.c(self.b(self.a(values).relu()).relu()).relu())


def test_a_mask_of_a_shared_weight_is_that_of_all_its_layers():
    net = Tied()
    mask = torch.rand(6, 6, generator=torch.Generator().manual_seed(1)) < 0.4
    net.b.weight.data.mul_(mask)
    record = monitor(net, every=1, masks={"b.weight": mask}).step()
    by_name = {layer.name: layer for layer in record.layers}
    assert by_name["b"].kept == by_name["c"].kept == int(mask.sum())
    record = monitor(net, every=1, masks={"c.weight": mask}).step()
    assert {layer.name: layer.kept for layer in record.layers}["b"] == int(mask.sum())


def test_a_layer_under_two_names_is_watched_by_either():
    layer = nn.Linear(4, 4)
    net = nn.Sequential(layer, nn.ReLU(), layer, nn.Linear(4, 2))
    mask = torch.eye(4) > 0
    layer.weight.data.mul_(mask)
    for name in ("0", "2.weight"):
        record = monitor(net, every=1, masks={name: mask}).step()
        assert record.layers[0].kept == 4


def test_paths_are_measured_round_a_layer_that_is_not_used():
    net = Tied()
    watch = monitor(net, every=1)
    assert watch.records[0].effective_density == 1
    assert "No input passes these layers: idle." in watch.notes


def test_a_net_that_stops_half_way_does_not_call_the_rest_unused():
    class Refuses(Tied):
        def forward(self, values):
            self.a(values)
            raise RuntimeError("no")

    watch = monitor(Refuses(), every=1)
    assert not any("No input passes" in note for note in watch.notes)
    assert any("paths cannot be traced" in note for note in watch.notes)
    assert watch.records[0].effective_density is None


@pytest.mark.parametrize("kind", ["spectral", "chance"])
def test_looking_at_computed_weights_changes_nothing(kind):
    class Drops(nn.Module):
        def forward(self, weight):
            return weight * (torch.rand_like(weight) < 0.9) if self.training else weight

    found = []
    for is_watched in (False, True):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
        if kind == "spectral":
            nn.utils.parametrizations.spectral_norm(net[0])
        else:
            nn.utils.parametrize.register_parametrization(net[0], "weight", Drops())
        watch = monitor(net, every=1) if is_watched else None
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            net(torch.randn(3, 4)).square().sum().backward()
            optimizer.step()
            if watch is not None:
                watch.step()
        found.append([value.clone() for value in net.state_dict().values()])
        assert net.training
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
