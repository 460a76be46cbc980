"""The monitor on masks changed by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from topograph.errors import ParameterError
from topograph.monitoring import MaskNotRespectedWarning, monitor
from topograph.training import apply_masks


def chain_of(*widths):
    torch.manual_seed(0)
    return nn.Sequential(*[nn.Linear(a, b) for a, b in itertools.pairwise(widths)])


def test_a_hand_sized_example():
    """Of 8 weights one is dropped, one grown back later; a unit dies with its two inputs."""
    net = chain_of(2, 3, 1)
    masks = {"0": torch.ones(3, 2, dtype=torch.bool), "1.weight": torch.ones(1, 3, dtype=bool)}
    watch = monitor(net, every=1, masks=masks)
    masks["0"][0] = False
    masks["1.weight"][0, 2] = False
    apply_masks(net, {"0.weight": masks["0"], "1.weight": masks["1.weight"]})
    record = watch.step()
    assert record.density == pytest.approx(6 / 9)
    assert record.churn == record.churn_from_start == pytest.approx(3 / 9)
    assert record.ever_active == 1
    assert record.effective_density == pytest.approx(3 / 9)  # two into unit 1, and its way out
    assert (record.dead_units, record.dead_outputs) == (2, 0)
    first, second = record.layers
    assert (first.name, first.kept, first.dropped, first.grown) == ("0", 4, 2, 0)
    assert first.fan_in_drift == pytest.approx(2 / 3)
    assert second.fan_in_drift == 1
    assert record.fan_in_drift == pytest.approx(3 / 4)  # over four units
    masks["0"][0, 0] = True
    record = watch.step()
    assert record.layers[0].grown == 1
    assert record.churn == pytest.approx(1 / 9)
    assert record.churn_from_start == pytest.approx(2 / 9)


def test_only_every_step_is_recorded():
    watch = monitor(chain_of(2, 1), every=3)
    assert [watch.step() is None for _ in range(6)] == [True, True, False] * 2
    assert [record.step for record in watch.records] == [0, 3, 6]


def test_without_masks_weights_that_are_not_0_are_kept():
    net = chain_of(3, 2)
    watch = monitor(net, every=1)
    net[0].weight.data[0, 1] = 0
    assert watch.step().density == pytest.approx(5 / 6)
    assert "weights that are not 0" in watch.notes[0]


def test_weights_outside_their_mask_raise_an_alarm():
    net = chain_of(3, 2, 2)
    masks = {"0.weight": torch.tensor([[1, 0, 0], [1, 1, 1]])}
    apply_masks(net, {"0.weight": masks["0.weight"].bool()})
    watch = monitor(net, every=2, masks=masks)
    net[0].weight.data.fill_(1)
    assert watch.step() is None
    with pytest.warns(MaskNotRespectedWarning, match="Step 2: 2 weights of '0'") as caught:
        record = watch.step()
    assert caught[0].filename == __file__
    assert record.alarms == ("0",)
    assert [layer.outside for layer in record.layers] == [2, 0]
    for _ in range(2):  # told once
        watch.step()
    assert watch.records[-1].alarms == ("0",)
    apply_masks(net, {"0.weight": masks["0.weight"].bool()})
    for _ in range(2):
        watch.step()
    assert not watch.records[-1].alarms
    net[0].weight.data[0, 1] = torch.nan
    watch.step()
    with pytest.warns(MaskNotRespectedWarning, match="Step 8: 1 weights"):
        watch.step()


def test_a_mask_that_is_not_respected_from_the_start():
    with pytest.warns(MaskNotRespectedWarning, match="Step 0") as caught:
        watch = monitor(chain_of(2, 1), masks={"0": [[1, 0]]})
    assert caught[0].filename == __file__
    assert watch.records[0].alarms == ("0",)


def test_mask_buffers_are_found():
    net = chain_of(3, 2, 2)
    net[0].register_buffer("weight_mask", torch.tensor([[1.0, 0, 0], [1, 1, 1]]))
    net[0].weight.data *= net[0].weight_mask
    watch = monitor(net, every=1)
    net[0].weight.data[0, 1] = 1
    with pytest.warns(MaskNotRespectedWarning, match="1 weights of '0'"):
        assert watch.step().layers[0].density == pytest.approx(4 / 6)


def test_layers_pruned_by_torch_mask_themselves():
    net = chain_of(3, 2)
    prune.random_unstructured(net[0], "weight", 2)
    net[0].weight_orig.data.fill_(3)
    watch = monitor(net, every=1)
    record = watch.step()
    assert not record.alarms
    assert record.density == pytest.approx(4 / 6)
    assert np.isclose(record.effective_density, 4 / 6)


def test_masks_may_come_from_a_function():
    net = chain_of(2, 2)
    now = {"0.weight": np.ones((2, 2))}
    watch = monitor(net, every=1, masks=lambda: now)
    now = {"0.weight": np.eye(2)}
    apply_masks(net, {"0.weight": torch.eye(2, dtype=torch.bool)})
    assert watch.step().density == 0.5


def test_an_optimizer_calls_the_monitor_until_it_is_detached():
    net = chain_of(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watch = monitor(net, every=2).attach(optimizer)
    for _ in range(5):
        net(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    watch.detach()
    optimizer.step()
    assert [record.step for record in watch.records] == [0, 2, 4]


def test_half_precision_and_moved_nets_are_watched():
    net = chain_of(3, 2).to(torch.bfloat16)
    masks = {"0": torch.ones(2, 3, dtype=torch.bool)}
    watch = monitor(net, every=1, masks=masks)
    masks["0"][0, 0] = False
    with pytest.warns(MaskNotRespectedWarning):
        assert watch.step().layers[0].outside == 1


@pytest.mark.gpu
def test_a_net_on_a_gpu():
    net = chain_of(30, 20, 5)
    watch = monitor(net, every=1)
    net.cuda()
    net[0].weight.data[:3] = 0
    record = watch.step()
    assert record.layers[0].dropped == 90
    assert record.dead_units == 3


@pytest.mark.parametrize("every", [0, -1, 2.5, True])
def test_steps_that_are_none_are_refused(every):
    with pytest.raises(ParameterError, match="every must be"):
        monitor(chain_of(2, 1), every)


def test_masks_and_models_that_do_not_fit_are_refused():
    with pytest.raises(ParameterError, match="'fc' is none"):
        monitor(chain_of(2, 1), masks={"fc": np.ones((1, 2))})
    with pytest.raises(ParameterError, match=r"shape \(1, 2\)"):
        monitor(chain_of(2, 1), masks={"0": np.ones((2, 1))})
    with pytest.raises(ParameterError, match="it has none"):
        monitor(nn.Sequential(nn.ReLU()))
