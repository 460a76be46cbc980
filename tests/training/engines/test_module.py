from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.engines.engine_laws import (
    assert_same_state,
    check_divergence,
    check_engine,
)
from tests.training.engines.members_to_try import mixed_members
from tests.training.engines.model_members import (
    CPU,
    SHAPE,
    conv_member,
    make_module,
    masks_of,
    train_model_plainly,
)
from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    plain_net,
    random_member,
    schedule,
)
from topograph.errors import ParameterError
from topograph.training import build_model, initialise, load_data
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.member import initial_parameters
from topograph.training.engines.model_member import ModelMember
from topograph.training.models import MODELS
from topograph.training.optimizers import optimizer_of

NORMALISED = dataclasses.replace(PLAIN, name="batch norm", batch_norm=True, momentum=0.9)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_chains_do_what_the_plain_loop_does(digits, recipe):
    check_engine(make_module, mixed_members(), digits, recipe)


@pytest.mark.parametrize("index", [0, 2])
def test_divergence_stays_with_one_member(digits, index):
    check_divergence(make_module, digits, PLAIN, index)


def test_a_chain_with_normalised_batches_is_the_obvious_net(digits):
    member = random_member((64, 30, 20, 10), 0.4, 3)
    drawn = initial_parameters(member, NORMALISED)
    net, linear = plain_net(member, drawn, NORMALISED)
    first, relu, second, _, last = net
    net = nn.Sequential(first, nn.BatchNorm1d(30), relu, second, nn.BatchNorm1d(20), relu, last)
    outside = [layer.weight.detach() == 0 for layer in linear]
    optimizer = optimizer_of(net, NORMALISED)
    order, rates = schedule(digits, NORMALISED, 12)
    engine = make_module([member], digits, NORMALISED)
    losses = engine.advance(order, rates)[:, 0]
    images = digits.train_images.flatten(1)
    for rows, rate, found in zip(order, rates, losses, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(images[rows]), digits.train_labels[rows])
        loss.backward()
        for layer, stray in zip(linear, outside, strict=True):
            layer.weight.grad[stray] = 0
        optimizer.step()
        assert loss.item() == pytest.approx(found, rel=1e-5)
    few = images[:20]
    with torch.no_grad():
        expected = net.eval()(few)
    torch.testing.assert_close(engine.infer(few).logits[0], expected, rtol=1e-4, atol=1e-4)
    state = engine.state()
    torch.testing.assert_close(state["0.module.norm2.running_var"], net[4].running_var)
    assert int(state["0.module.norm1.num_batches_tracked"]) == 12


@pytest.mark.parametrize(
    "recipe",
    [
        dataclasses.replace(PLAIN, momentum=0.9, l2=0.01, name="momentum and l2"),
        dataclasses.replace(PLAIN, optimizer="adamw", weight_decay=0.5, epsilon=1e-3, name="adamw"),
        RECIPES_TO_TRY[4],  # two decays
        dataclasses.replace(PLAIN, initialisation="truncated_normal", name="truncated normal"),
    ],
    ids=lambda recipe: recipe.name,
)
def test_models_do_what_a_plain_loop_does(digits, recipe):
    members = [conv_member(0), conv_member(1, rate_factor=0.5, leave=())]
    engine = make_module(members, digits, recipe)
    order, rates = schedule(digits, recipe, 8)
    losses = np.concatenate(
        [engine.advance(order[:3], rates[:3]), engine.advance(order[3:], rates[3:])]
    )
    assert losses.dtype == np.float32
    state, parameters, norms = engine.state(), engine.parameters(), engine.gradient_norms()
    engine.check_zeros_outside()
    images = digits.test_images[:50]
    logits = engine.infer(images).logits
    assert torch.equal(engine.infer(images.flatten(1)).logits, logits)
    for index, member in enumerate(members):
        module, expected, gradients = train_model_plainly(member, digits, recipe, order, rates)
        np.testing.assert_allclose(losses[:, index], expected, rtol=1e-4)
        for name, tensor in module.state_dict().items():
            found = state[f"{index}.module.{name}"]
            torch.testing.assert_close(found, tensor, rtol=1e-3, atol=1e-5, msg=name)
        with torch.no_grad():
            torch.testing.assert_close(logits[index], module.eval()(images), rtol=1e-3, atol=1e-4)
        for number, (name, mask) in enumerate(member.masks.items()):
            weight = module.get_parameter(name)
            layer = parameters[index][number]
            assert bool((state[f"{index}.module.{name}"][~mask] == 0).all())
            assert len(layer.weights) == int(mask.sum())
            torch.testing.assert_close(layer.weights, weight.detach()[mask], rtol=1e-3, atol=1e-5)
            assert norms[index, number] == pytest.approx(float(gradients[name].norm()), rel=1e-3)
        assert (parameters[index][0].biases, len(parameters[index])) == (None, len(member.masks))
    assert norms.shape == (2, 4)
    assert np.isnan(norms[0, 3])  # the first member's last layer has no mask
    assert parameters[1][3].biases.shape == (10,)


@pytest.mark.parametrize("name", MODELS)
def test_the_initial_weights_of_a_model_are_those_of_its_seed(digits, name):
    member = ModelMember("net", name, masks_of(name), seed=4)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    engine = make_module([member, random_member((64, 5, 10), 0.5)], digits, PLAIN)
    assert torch.equal(torch.rand(3), expected)  # the global generator is left alone
    module = build_model(name, SHAPE)
    initialise(module, "fan_in", 4, member.masks)
    for key, mask in member.masks.items():
        assert not engine.state()[f"0.module.{key}"][~mask].any()
    for key, tensor in module.state_dict().items():
        assert torch.equal(engine.state()[f"0.module.{key}"], tensor), key
    for layer, (key, mask) in zip(engine.parameters()[0], member.masks.items(), strict=True):
        assert torch.equal(layer.weights, module.get_parameter(key).detach()[mask])
    assert np.isnan(engine.gradient_norms()).all()


@pytest.mark.parametrize(
    "recipe",
    [dataclasses.replace(PLAIN, momentum=0.9), dataclasses.replace(PLAIN, optimizer="adamw")],
    ids=lambda recipe: recipe.optimizer,
)
def test_what_is_restored_goes_on_bit_by_bit(digits, recipe):
    """Weights, running means, momentum; chains and models side by side."""
    recipe = dataclasses.replace(recipe, batch_norm=True)
    members = [conv_member(0), random_member((64, 12, 10), 0.4, 1), conv_member(2)]
    order, rates = schedule(digits, recipe, 6)
    whole, first, second = (make_module(members, digits, recipe) for _ in range(3))
    losses = whole.advance(order, rates)
    first.advance(order[:3], rates[:3])
    kept = first.state()
    frozen = {name: tensor.clone() for name, tensor in kept.items()}
    second.advance(order[-2:], rates[-2:])
    second.restore(kept)
    assert_same_state(second.state(), frozen)
    assert np.isnan(second.gradient_norms()).all()
    for engine in (first, second):
        np.testing.assert_array_equal(engine.advance(order[3:], rates[3:]), losses[3:])
        assert_same_state(engine.state(), whole.state())
        np.testing.assert_array_equal(engine.gradient_norms(), whole.gradient_norms())
    assert_same_state(kept, frozen)  # copies, which further training leaves alone
    changed = [name for name in frozen if not torch.equal(frozen[name], whole.state()[name])]
    assert {"0.module.norm1.running_mean", "1.module.norm1.running_var"} <= set(changed)


def test_a_retired_model_is_zero_and_the_others_do_not_notice(digits):
    recipe = dataclasses.replace(PLAIN, momentum=0.9)
    members = [conv_member(0), conv_member(1)]
    order, rates = schedule(digits, recipe, 4)
    one, other = (make_module(members, digits, recipe) for _ in range(2))
    for engine in (one, other):
        engine.advance(order[:2], rates[:2])
    one.retire(0)
    again = make_module(members, digits, recipe)
    again.restore(one.state())
    expected = other.advance(order[2:], rates[2:])
    for engine in (one, again):
        losses = engine.advance(order[2:], rates[2:])
        assert np.isnan(losses[:, 0]).all()
        np.testing.assert_array_equal(losses[:, 1], expected[:, 1])
        assert np.isnan(engine.gradient_norms()[0]).all()
        assert not engine.infer(digits.test_images[:5]).logits[0].any()
        for name, tensor in engine.state().items():
            if name.startswith("0.optimizer") or name.endswith(("weight", "bias")):
                assert bool(tensor.any()) != name.startswith("0."), name
        engine.check_zeros_outside()


def test_a_model_that_diverges_stops_there_and_says_so_after_a_resumption(digits):
    members = [conv_member(0, rate_factor=1e30), conv_member(1)]
    calm = [conv_member(0), conv_member(1)]
    order, rates = schedule(digits, PLAIN, 6)
    engine, other, again = (make_module(nets, digits, PLAIN) for nets in (members, calm, members))
    losses, expected = engine.advance(order[:4], rates[:4]), other.advance(order, rates)
    assert np.isfinite(losses[0]).all()
    assert np.isnan(losses[-1, 0])
    assert not np.isinf(losses).any()
    np.testing.assert_array_equal(losses[:, 1], expected[:4, 1])
    again.restore(engine.state())
    for each in (engine, again):
        further = each.advance(order[4:], rates[4:])
        assert np.isnan(further[:, 0]).all()
        np.testing.assert_array_equal(further[:, 1], expected[4:, 1])
        assert np.isnan(each.gradient_norms()[0]).all()
        assert np.isfinite(each.gradient_norms()[1]).all()
        each.check_zeros_outside()


def test_gradients_that_are_not_finite_stay_inside_the_mask(digits):
    """Nan times 0 is nan: a mask that multiplies would let it out."""
    engine = make_module([random_member((64, 5, 10), 0.5)], digits, PLAIN)
    engine._trainees[0].module.fc1.weight.register_hook(lambda gradient: gradient * np.nan)
    order, rates = schedule(digits, PLAIN, 2)
    losses = engine.advance(order, rates)
    assert np.isfinite(losses).flatten().tolist() == [True, False]
    engine.check_zeros_outside()
    assert torch.isnan(engine.parameters()[0][0].weights).all()


@pytest.mark.parametrize("number", [0, 1], ids=["model", "chain"])
def test_a_weight_outside_its_mask_is_noticed(digits, number):
    engine = make_module([conv_member(), random_member((64, 5, 10), 0.5)], digits, PLAIN)
    trainee = engine._trainees[number]
    name, mask = list(trainee._masks.items())[1]
    outside = (~mask).nonzero()[0]
    with torch.no_grad():
        trainee.module.get_parameter(name)[tuple(outside)] = 1e-30
    with pytest.raises(AssertionError, match=name):
        engine.check_zeros_outside()


def test_engines_are_made_by_name(digits):
    engine = make_engine("module", [conv_member()], digits, PLAIN, CPU)
    assert (engine.name, len(engine.members)) == ("module", 1)
    assert engine.advance(torch.zeros(0, 4, dtype=torch.int64), []).shape == (0, 1)


def test_members_that_do_not_fit_are_refused(digits):
    with pytest.raises(ParameterError, match="one member at least"):
        make_module([], digits, PLAIN)
    with pytest.raises(ParameterError, match="64 inputs"):
        make_module([conv_member(), random_member((60, 10), 0.5)], digits, PLAIN)
    wide = {"conv1.weight": torch.ones(32, 3, 3, 3, dtype=torch.bool)}
    with pytest.raises(ParameterError, match=r"color: The mask of conv1\.weight"):
        make_module([ModelMember("color", "conv-net", wide)], digits, PLAIN)
    with pytest.raises(ParameterError, match="prepare"):
        make_module([conv_member()], load_data("digits"), PLAIN)
    chain = [ModelMember("chain", "lenet-300-100", {})]
    for change in ({"batch_norm": True}, {"biases": False}):
        with pytest.raises(ParameterError, match=r"chain: The model.*Member\.of_graph"):
            make_module(chain, digits, dataclasses.replace(PLAIN, **change))
        make_module([conv_member()], digits, dataclasses.replace(PLAIN, **change))
