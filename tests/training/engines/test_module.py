from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    assert_same_state,
    check_divergence,
    check_engine,
    plain_net,
    random_member,
    schedule,
)
from topograph.errors import ParameterError
from topograph.training import (
    Dataset,
    build_model,
    find_recipe,
    initialise,
    load_data,
    prepare,
    prunable_parameters,
)
from topograph.training.data.augmentation import augment
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.member import initial_parameters
from topograph.training.engines.model_member import ModelMember, layer_names
from topograph.training.engines.module import ModuleEngine, distortion_generator
from topograph.training.models import MODELS
from topograph.training.optimizers import optimizer_of

CPU = torch.device("cpu")
SHAPE = (1, 8, 8)
NORMALISED = dataclasses.replace(PLAIN, name="batch norm", batch_norm=True, momentum=0.9)


def make_module(members, data, recipe):
    return ModuleEngine(members, data, recipe, CPU)


def masks_of(model, density=0.3, seed=0, leave=()):
    """Return random masks of all layers of a model but some, for the digits."""
    rng = np.random.default_rng(seed)
    return {
        name: torch.from_numpy(rng.random(tuple(weight.shape)) < density)
        for name, weight in prunable_parameters(build_model(model, SHAPE), leave).items()
    }


def conv_member(seed=0, rate_factor=1.0, leave=("fc",)):
    return ModelMember(
        f"conv {seed}", "conv-net", masks_of("conv-net", 0.3, seed, leave), seed, rate_factor
    )


def train_model_plainly(member, data, recipe, order, rates, distort=False):
    """Train a model in the obvious way; return it, its losses and its last gradients."""
    module = build_model(member.model, data.shape)
    initialise(module, recipe.initialisation, member.seed, member.masks)
    optimizer, losses = optimizer_of(module, recipe), []
    for rows, rate in zip(order, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * member.rate_factor
        images = data.train_images[rows]
        if distort:
            images = augment(images, distortion_generator(rows))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(images), data.train_labels[rows])
        loss.backward()
        for name, mask in member.masks.items():
            module.get_parameter(name).grad *= mask
        optimizer.step()
        losses.append(loss.item())
    return module, losses


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_chains_do_what_the_plain_loop_does(digits, recipe):
    members = [
        random_member(widths, density, seed, rate_factor)
        for seed, (widths, density, rate_factor) in enumerate(
            (
                ((64, 30, 20, 10), 0.5, 1.0),
                ((64, 30, 20, 10), 0.1, 0.5),
                ((64, 17, 33, 10), 0.2, 2.0),
            )
        )
    ]
    check_engine(make_module, members, digits, recipe)


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
        module, expected = train_model_plainly(member, digits, recipe, order, rates)
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
            assert norms[index, number] == pytest.approx(float(weight.grad.norm()), rel=1e-3)
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


def test_inference_leaves_no_trace(digits):
    engine = make_module([conv_member(0)], digits, PLAIN)
    order, rates = schedule(digits, PLAIN, 4)
    engine.advance(order[:2], rates[:2])
    before = engine.state()
    first = engine.infer(digits.test_images)
    assert_same_state(engine.state(), before)
    assert torch.equal(engine.infer(digits.test_images).logits, first.logits)
    assert not first.logits.requires_grad
    other = make_module([conv_member(0)], digits, PLAIN)
    other.advance(order[:2], rates[:2])
    np.testing.assert_array_equal(
        engine.advance(order[2:], rates[2:]), other.advance(order[2:], rates[2:])
    )


def test_many_images_are_seen_in_pieces(digits):
    engine = make_module([conv_member(0)], digits, PLAIN)
    images = digits.train_images  # more than a piece
    whole = engine.infer(images)
    parts = [engine.infer(part) for part in torch.split(images, 300)]
    torch.testing.assert_close(
        whole.logits, torch.cat([part.logits for part in parts], dim=1), rtol=1e-4, atol=1e-4
    )
    for number, level in enumerate(whole.active[0]):
        seen = torch.stack([part.active[0][number] for part in parts]).any(dim=0)
        assert torch.equal(level, seen)


def test_a_channel_is_active_if_it_is_above_zero_anywhere(digits):
    engine = make_module([ModelMember("net", "conv-net", {})], digits, PLAIN)
    state = engine.state()
    shift = state["0.module.norm2.bias"]
    shift[:] = -1e6
    shift[5] = 1e6
    engine.restore(state)
    first, second, third = engine.infer(digits.test_images[:40]).active[0]
    assert [len(level) for level in (first, second, third)] == [32, 64, 128]
    assert second.nonzero().flatten().tolist() == [5]
    module = build_model("conv-net", SHAPE).eval()
    with torch.no_grad():
        values = module[:3](digits.test_images[:40])
    assert torch.equal(first, (values > 0).flatten(2).any(dim=2).any(dim=0))
    assert (first.dtype, first.device) == (torch.bool, CPU)


@pytest.mark.parametrize(
    ("model", "channels"),
    [
        ("lenet-5", [20, 50, 384]),
        ("lenet-300-100", [300, 100]),
        ("resnet-20", [16] + [16] * 6 + [32] * 6 + [64] * 6),
    ],
)
def test_the_hidden_levels_of_a_model_are_its_relus(digits, model, channels):
    """But for the one on the logits, which has no hidden units."""
    recipe = dataclasses.replace(PLAIN, relu_logits=True)
    found = make_module([ModelMember("net", model, {})], digits, recipe).infer(
        digits.test_images[:4]
    )
    assert [len(level) for level in found.active[0]] == channels
    is_chain = model == "lenet-300-100"
    assert (float(found.logits.min()) >= 0) is is_chain


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


@pytest.fixture(scope="module")
def colored():
    """Forty images of 32 x 32, to be cropped and distorted."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, 3, 32, 32), generator=generator).to(torch.uint8)
    labels = torch.arange(40) % 10
    raw = Dataset("cifar10", images, labels, images[:8], labels[:8], 10, verified=False)
    recipe = dataclasses.replace(find_recipe("alford2018", "cifar10"), batch_size=10)
    return prepare(raw, recipe), recipe


def test_distorted_images_are_the_same_for_all_members_and_after_a_resumption(colored):
    data, recipe = colored
    n_inputs = 3 * 24 * 24
    member = ModelMember("net", "lenet-5", {}, seed=1)
    members = [member, dataclasses.replace(member, name="twin"), random_member((n_inputs, 10), 0.1)]
    order, rates = schedule(data, recipe, 3)
    whole, second = (make_module(members, data, recipe) for _ in range(2))
    losses = whole.advance(order, rates)
    np.testing.assert_array_equal(losses[:, 0], losses[:, 1])
    second.advance(order[:2], rates[:2])
    kept, third = second.state(), make_module(members, data, recipe)
    third.restore(kept)
    np.testing.assert_array_equal(third.advance(order[2:], rates[2:]), losses[2:])
    _, expected = train_model_plainly(member, data, recipe, order, rates, distort=True)
    np.testing.assert_allclose(losses[:, 0], expected, rtol=1e-4)
    assert whole.infer(data.test_images).logits.shape == (3, 8, 10)


def test_the_distortion_follows_from_the_images_and_their_order():
    rows = torch.arange(10)
    seeds = {distortion_generator(rows + shift).initial_seed() for shift in range(20)}
    assert len(seeds | {distortion_generator(rows.flip(0)).initial_seed()}) == 21
    strided = torch.arange(20)[::2]
    same = distortion_generator(strided.clone()).initial_seed()
    assert distortion_generator(strided).initial_seed() == same


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


def test_edges_and_density_are_those_of_the_masks():
    masks = masks_of("lenet-5", 0.25, leave=("conv1",))
    member = ModelMember.of_masks("lenet-5", masks, "net", 3, 0.5)
    assert (member.name, member.seed, member.rate_factor) == ("net", 3, 0.5)
    assert member.n_edges == sum(int(mask.sum()) for mask in masks.values())
    assert member.density == member.n_edges / sum(mask.numel() for mask in masks.values())
    assert ModelMember("dense", "lenet-5", {}).density == 1.0


def test_a_dense_output_layer_is_the_last_of_the_model():
    """Not the last that has a mask."""
    masks = {name: mask.numpy() for name, mask in masks_of("lenet-5", leave=("conv1",)).items()}
    for model, last in (("lenet-5", "fc2"), ("conv-net", "fc"), ("resnet-20", "fc")):
        assert layer_names(model)[-1] == f"{last}.weight"
    dense = ModelMember.of_masks("lenet-5", masks, output_layer="dense")
    assert list(dense.masks) == ["conv2.weight", "fc1.weight", "fc2.weight"]
    assert bool(dense.masks["fc2.weight"].all())
    assert not bool(dense.masks["fc1.weight"].all())
    del masks["fc2.weight"]
    same = ModelMember.of_masks("lenet-5", masks, output_layer="dense")
    assert list(same.masks) == ["conv2.weight", "fc1.weight"]
    assert all(mask.dtype == torch.bool for mask in same.masks.values())


def test_masks_of_no_model_are_refused():
    mask = torch.ones(10, 128, dtype=torch.bool)
    with pytest.raises(ParameterError, match="one of lenet-300-100"):
        ModelMember("net", "lenet-4", {})
    with pytest.raises(ParameterError, match=r"net: A mask must be of one of conv1\.weight"):
        ModelMember("net", "conv-net", {"norm1.weight": mask})
    with pytest.raises(ParameterError, match=r"net: The mask of fc\.weight must be boolean"):
        ModelMember("net", "conv-net", {"fc.weight": mask.float()})
