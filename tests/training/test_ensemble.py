from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from tests.training.engines.plain_loop import train_plainly
from topograph.errors import ParameterError
from topograph.generators import family_net
from topograph.metrics import effective_edges
from topograph.training import ALFORD_2018, MODERN
from topograph.training.engines.dense import DenseEngine
from topograph.training.engines.member import Member
from topograph.training.ensemble import Watch, held_out, train_ensemble
from topograph.training.seeding import seeded_generator
from topograph.training.weighty_edges import weighty_graph

CPU = torch.device("cpu")


def members(densities=(0.2, 0.05), rate_factors=None):
    return [
        Member.of_graph(
            family_net("uniform", (64, 30, 20, 10), density, seed=seed),
            f"net {seed}",
            seed=seed,
            rate_factor=1.0 if rate_factors is None else rate_factors[seed],
        )
        for seed, density in enumerate(densities)
    ]


def train(digits, nets, recipe=MODERN, n_steps=35, **options):
    return train_ensemble(
        lambda data: DenseEngine(nets, data, recipe, CPU),
        digits,
        recipe,
        n_steps=n_steps,
        **options,
    )


def test_curves_are_those_of_a_plain_loop(digits):
    nets = members()
    _, outcomes = train(digits, nets, n_steps=23, order_seed=5)  # two epochs of 10 steps, and 3
    n_images = len(digits.train_labels)
    per_epoch = n_images // MODERN.batch_size
    orders = [
        torch.randperm(n_images, generator=seeded_generator(5, "order", epoch))
        for epoch in range(3)
    ]
    rows = torch.cat(
        [order[: per_epoch * MODERN.batch_size].view(per_epoch, -1) for order in orders]
    )[:23]
    rates = [MODERN.rate_at(step, 23) for step in range(23)]
    for net, found in zip(nets, outcomes, strict=True):
        plain = train_plainly(net, digits, MODERN, rows, rates)
        with torch.no_grad():
            logits = plain.net(digits.test_images.flatten(1))
        right = (logits.argmax(dim=1) == digits.test_labels).double().mean().item()
        loss = torch.nn.functional.cross_entropy(logits, digits.test_labels).item()
        assert len(found.accuracy) == 3
        assert found.accuracy[-1] == found.test_accuracy == pytest.approx(right, abs=0.005)
        assert found.test_loss == pytest.approx(loss, rel=1e-4)
        wanted = [np.mean(plain.losses[start:end]) for start, end in ((0, 10), (10, 20), (20, 23))]
        assert found.train_loss == pytest.approx(wanted, rel=1e-4)
        assert found.gradient_norms[-1] == pytest.approx(plain.gradient_norms, rel=1e-3)
        predicted = set(logits.argmax(dim=1).tolist())
        assert set(found.classes_never_predicted) == set(range(10)) - predicted
        values, silent = digits.test_images.flatten(1), 0
        with torch.no_grad():
            for layer in list(plain.net)[:-1]:
                values = layer(values)
                if isinstance(layer, torch.nn.ReLU):
                    silent += int(((values > 0).sum(dim=0) == 0).sum())
        assert found.silent_units[-1] == silent


class StopError(Exception):
    pass


@pytest.mark.parametrize("last", [1, 2])
def test_stopped_and_resumed_is_the_same_bit_by_bit(digits, tmp_path, last):
    def stop(epoch, _):
        if epoch == last:
            raise StopError

    whole_engine, whole = train(digits, members(), n_steps=35)
    path = tmp_path / "state"
    with pytest.raises(StopError):
        train(digits, members(), watch=Watch(checkpoint=path, key="a", on_epoch=stop))
    seen = []
    watch = Watch(checkpoint=path, key="a", on_epoch=lambda epoch, _: seen.append(epoch))
    engine, outcomes = train(digits, members(), watch=watch)
    assert seen == list(range(last + 1, 5))
    assert outcomes == whole
    for name, tensor in whole_engine.state().items():
        assert torch.equal(tensor, engine.state()[name])


def test_a_checkpoint_of_something_else_is_not_used(digits, tmp_path):
    path = tmp_path / "state"
    train(digits, members(), watch=Watch(checkpoint=path, key="a"))
    epochs = []
    watch = Watch(checkpoint=path, key="b", on_epoch=lambda epoch, _: epochs.append(epoch))
    train(digits, members(), watch=watch)
    assert epochs == [1, 2, 3, 4]
    path.write_bytes(path.read_bytes()[:100])  # damaged: anew as well
    train(digits, members(), watch=watch)
    assert epochs == [1, 2, 3, 4] * 2


def test_a_member_that_diverges_is_retired_and_harms_none(digits):
    alone = train(digits, members(), n_steps=25)[1]
    three = [*members(), dataclasses.replace(members()[0], rate_factor=1e7)]
    engine, outcomes = train(digits, three, n_steps=25)
    assert outcomes[:2] == alone
    lost = outcomes[2]
    assert lost.is_diverged
    assert lost.is_untrained
    assert 0 < lost.diverged_step < 10
    assert lost.n_steps == lost.diverged_step
    assert (lost.test_accuracy, lost.test_loss, lost.accuracy) == (None, None, ())
    assert lost.classes_never_predicted is None
    assert all(not layer.weights.any() for layer in engine.parameters()[2])


def test_with_validation_the_test_images_are_looked_at_once(digits):
    _, (found, _) = train(digits, members(), watch=Watch(n_validation=300))
    held = held_out(digits, 300)
    assert len(held.train_labels) == len(digits.train_labels) - 300
    assert torch.equal(held.test_images, digits.train_images[-300:])
    _, (apart, _) = train(held, members())
    assert found.accuracy == apart.accuracy
    assert found.test_accuracy != apart.test_accuracy
    for wrong in (-1, len(digits.train_labels)):
        with pytest.raises(ParameterError, match="validation"):
            held_out(digits, wrong)


def test_effective_edges_of_weights_above_a_threshold(digits):
    nets = members()
    engine, outcomes = train(digits, nets, watch=Watch(edge_threshold=0.3))
    for index, (net, found) in enumerate(zip(nets, outcomes, strict=True)):
        masks = []
        for pattern, held in zip(net.patterns, engine.parameters()[index], strict=True):
            dense = np.zeros(pattern.shape)
            dense[pattern.sources, pattern.targets()] = held.weights.numpy()
            masks.append(np.abs(dense) > 0.3)
        import topograph

        assert found.effective_edges[-1] == effective_edges(topograph.from_layers(masks))
        assert effective_edges(weighty_graph(engine, index, 0.0)) <= effective_edges(net.graph)


def test_a_net_whose_logits_are_dead_predicts_one_class(digits):
    """With negative biases and a ReLU on the logits nothing moves: class 0 for every image."""
    nets = members((0.05,))
    engine = DenseEngine(nets, digits, ALFORD_2018, CPU)
    with torch.no_grad():
        engine.biases[-1].fill_(-100.0)
    _, (found,) = train_ensemble(lambda _: engine, digits, ALFORD_2018, n_steps=11)
    assert found.classes_never_predicted == tuple(range(1, 10))
    assert found.is_untrained
    assert found.test_loss == pytest.approx(math.log(10))
    assert found.gradient_norms[-1] == (0.0, 0.0, 0.0)


def test_wide_nets_see_fewer_images_at_once(digits, monkeypatch):
    from topograph.training import looking

    engine = DenseEngine(members(), digits, MODERN, CPU)
    whole = looking.look(engine, digits.test_images, digits.test_labels)
    monkeypatch.setattr(looking, "_VALUES", 20 * 248)  # units of both nets: 2 x 124
    sizes = []
    infer = engine.infer
    monkeypatch.setattr(engine, "infer", lambda images: sizes.append(len(images)) or infer(images))
    apart = looking.look(engine, digits.test_images, digits.test_labels)
    assert max(sizes) == 20
    assert sum(sizes) == len(digits.test_labels)
    for one, other in zip(whole, apart, strict=True):
        assert one.accuracy == other.accuracy
        assert one.silent_units == other.silent_units
        assert one.loss == pytest.approx(other.loss)
