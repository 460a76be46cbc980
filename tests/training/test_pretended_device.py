"""What trains and prunes on a device apart from the CPU's memory, as a GPU is.

Without a GPU this is the check that no tensor stays behind on the CPU: the numbers must be those
of the CPU. Speed, sums in another order and memory are for the tests with the marker `gpu`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.engines.engine_laws import assert_same_state
from tests.training.engines.gpu_cases import CASES, CPU, MOMENTUM, assert_close, spots
from tests.training.engines.plain_loop import schedule
from tests.training.pretended_device import pretended_device
from topograph import monitor, pruning
from topograph.generators import family_net
from topograph.pruning.methods import METHODS
from topograph.training import MODERN, apply_masks, build_model, fit, prunable_parameters
from topograph.training.engines import radix_layers
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.engine import flat_images
from topograph.training.ensemble import Watch, train_ensemble
from topograph.training.sparse_layers import SparseLinear

SHORT = dataclasses.replace(MODERN, name="short", batch_size=50, n_epochs=None, n_steps=12)
TRAINED = {
    "iterative": (pruning.prune_iterative, {"every": 4}),
    "lottery": (pruning.prune_lottery, {"rounds": 2}),
    "set": (pruning.train_set, {"every": 4}),
    "rigl": (pruning.train_rigl, {"every": 4}),
}


@pytest.fixture(scope="module")
def data():
    return spots()


def masks_by(method, net, data, device):
    if method in TRAINED:
        prune, options = TRAINED[method]
        return prune(net, data, SHORT, 0.7, device=device, **options).masks
    if method == "synflow":
        return pruning.prune_synflow(net, data.shape, 0.7, rounds=5).masks
    if method in ("snip", "grasp"):
        prune = pruning.prune_snip if method == "snip" else pruning.prune_grasp
        return prune(net, data.train_images[:40], data.train_labels[:40], 0.7).masks
    if method == "random":
        return pruning.prune_random(net, 0.7).masks
    return pruning.prune_magnitude(net, 0.7, scope="global").masks


def on_both(work):
    """Return what comes of it on the CPU and on the device."""
    expected = work(CPU)
    with pretended_device() as device:
        return expected, work(device)


def test_the_device_does_not_mix_with_the_cpu():
    with pretended_device() as device:
        there, here = torch.ones(2, 3, device=device), torch.ones(3, 2)
        assert (there.device, (there @ here.to(device)).device) == (device, device)
        assert (there @ here.to(device)).cpu().tolist() == [[3, 3], [3, 3]]
        assert there[torch.tensor([1])].tolist() == [[1, 1, 1]]
        assert (there * torch.tensor(2.0)).tolist() == [[2, 2, 2]] * 2
        assert torch.tensor([4.0], device=device).item() == 4
        for mix in (
            lambda: there @ here,
            lambda: there.add_(here.t()),
            lambda: torch.cat([there, here.t()]),
            lambda: here[torch.tensor([0], device=device)],
            lambda: torch.rand(2, device=device, generator=torch.Generator()),
        ):
            with pytest.raises(RuntimeError, match="CPU"):
                mix()
        with pytest.raises(RuntimeError):
            there.numpy()


@pytest.mark.parametrize("name", CASES)
def test_engines(name, data, monkeypatch):
    case = CASES[name]
    monkeypatch.setattr(radix_layers, "_SMALLEST_TILES", case.smallest_tiles)
    monkeypatch.setattr(radix_layers, "_LONG_RADIX", case.long_tile[0])
    monkeypatch.setattr(radix_layers, "_LONG_TILE", case.long_tile[1])
    order, rates = schedule(data, MOMENTUM, 6)
    images = flat_images(data)[0][:20]

    def train(device):
        engine = make_engine(case.engine, list(case.members), data.to(device), MOMENTUM, device)
        losses = [engine.advance(order[:3], rates[:3])]
        kept = engine.state()
        assert {value.device for value in kept.values()} == {CPU}
        engine.restore(kept)
        assert_same_state(engine.state(), kept)
        losses.append(engine.advance(order[3:], rates[3:]))
        seen = engine.infer(images.to(device))
        assert seen.logits.device == device
        logits = seen.logits.cpu()
        assert all(level.device == CPU for own in seen.active for level in own)
        weights = [layer.weights for own in engine.parameters() for layer in own]
        assert all(own.device == CPU for own in weights)
        engine.check_zeros_outside()
        norms = engine.gradient_norms()
        engine.retire(1)
        assert np.isnan(engine.advance(order[:1], rates[:1])[:, 1]).all()
        return [np.concatenate(losses), norms, logits, *weights]

    expected, found = on_both(train)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("name", ["dense", "sparse", "module"])
def test_ensembles_and_their_checkpoints(name, data, tmp_path):
    case = CASES[name]

    def train(device):
        watch = Watch(n_validation=100, checkpoint=tmp_path / f"{device.type}.pt", key="k")
        return [
            train_ensemble(
                lambda part: make_engine(case.engine, list(case.members), part, MOMENTUM, device),
                data.to(device),
                MOMENTUM,
                n_steps=n_steps,
                watch=watch,
            )[1]
            for n_steps in (20, 20)  # the second goes on from the first one's checkpoint
        ]

    expected, found = on_both(train)
    for one, other in zip(found, expected, strict=True):
        for mine, cpu in zip(one, other, strict=True):
            assert mine.test_accuracy == cpu.test_accuracy
            assert_close(mine.test_loss, cpu.test_loss)


@pytest.mark.parametrize("model", ["lenet-5", "conv-net", "resnet-20"])
def test_fitting_under_masks(model, data):
    def train(device):
        net = build_model(model, data.shape).to(device)
        masks = {
            name: torch.arange(weight.numel()).view(weight.shape) % 3 > 0
            for name, weight in prunable_parameters(net).items()
        }
        return fit(net, data.to(device), SHORT, n_steps=6, masks=masks, device=device)

    expected, found = on_both(train)
    assert found.accuracy == expected.accuracy
    assert_close(found.loss, expected.loss)


@pytest.mark.parametrize("method", METHODS)
def test_pruning(method, data):
    def prune(device):
        net = build_model("lenet-300-100", data.shape, widths=(40, 20)).to(device)
        return masks_by(method, net, data.to(device), device)

    expected, found = on_both(prune)
    assert {name: mask.device for name, mask in found.items()} == dict.fromkeys(expected, CPU)
    for name, mask in expected.items():
        assert torch.equal(found[name], mask)


def test_sparse_layers_and_the_monitor(data):
    layer = family_net("uniform", (20, 12), 0.3, seed=0).layers[0]

    def learn(device):
        linear = SparseLinear(layer).to(device)
        inputs = torch.ones(5, 20).to(device).requires_grad_()
        linear(inputs).square().sum().backward()
        return linear.weight.grad.cpu(), inputs.grad.cpu()

    for one, other in zip(*on_both(learn), strict=True):
        assert_close(one, other)

    def watch(device):
        net = build_model("lenet-300-100", data.shape, widths=(40, 20)).to(device)
        masks = {
            name: (torch.arange(weight.numel()).view(weight.shape) % 7 == 0).to(device)
            for name, weight in prunable_parameters(net).items()
        }
        apply_masks(net, masks)
        return monitor(net).records

    expected, found = on_both(watch)
    assert found == expected != []
