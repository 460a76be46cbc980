from __future__ import annotations

import dataclasses
import itertools
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.engines.engine_laws import (
    assert_same_state,
    check_divergence,
    check_engine,
    check_steps,
)
from tests.training.engines.members_to_try import mixed_members
from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    random_member,
    schedule,
)
from topograph import from_layers
from topograph.errors import MissingExtraError, ParameterError
from topograph.training import MODERN, Dataset
from topograph.training.engines.kernel import KernelEngine
from topograph.training.engines.member import Member

pytest.importorskip("numba")

CPU = torch.device("cpu")
SWITCHES = {
    "relu_logits": st.booleans(),
    "biases": st.booleans(),
    "label_smoothing": st.sampled_from([0.0, 0.3]),
    "batch_size": st.sampled_from([1, 3, 16]),
}


def make_kernel(members, data, recipe):
    return KernelEngine(members, data, recipe, CPU, n_threads=2)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does(digits, recipe):
    check_engine(make_kernel, mixed_members(), digits, recipe)


@st.composite
def small_members(draw):
    """Chains of three layers, some of whose units have no edges in or out."""
    n_hidden = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    widths = (7, *n_hidden, 4)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    masks = []
    for n_in, n_out in itertools.pairwise(widths):
        mask = rng.random((n_in, n_out)) < draw(st.sampled_from([0.2, 0.6, 1.0]))
        mask[draw(st.integers(0, n_in - 1))] &= draw(st.booleans())
        mask[:, draw(st.integers(0, n_out - 1))] &= draw(st.booleans())
        masks.append(mask)
    rate_factor = draw(st.sampled_from([0.5, 1.0]))
    return Member.of_graph(
        from_layers(masks), seed=draw(st.integers(0, 99)), rate_factor=rate_factor
    )


def small_data(seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(60, 1, 1, 7, generator=generator)
    images[:, :, :, 2] = 0.0
    labels = torch.randint(4, (60,), generator=generator)
    return Dataset("noise", images, labels, images, labels, 4, verified=False)


@settings(max_examples=40)
@given(
    members=st.lists(small_members(), min_size=1, max_size=3),
    recipe=st.sampled_from(RECIPES_TO_TRY),
    switches=st.fixed_dictionaries(SWITCHES),
)
def test_any_small_chains(members, recipe, switches):
    recipe = dataclasses.replace(recipe, **switches)
    check_steps(make_kernel, members, small_data(), recipe, n_steps=5)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_members_may_have_any_number_of_layers(digits, depth):
    members = [random_member((64, *[25] * (depth - 1), 10), 0.3, seed) for seed in range(2)]
    check_steps(make_kernel, members, digits, PLAIN, 5)


def test_members_of_different_depths_train_as_if_alone(digits):
    members = [random_member(widths, 0.3) for widths in ((64, 20, 10), (64, 10), (64, 9, 8, 10))]
    order, rates = schedule(digits, PLAIN, 3)
    together = make_kernel(members, digits, PLAIN)
    losses = together.advance(order, rates)
    norms = together.gradient_norms()
    assert norms.shape == (3, 3)
    for index, member in enumerate(members):
        alone = make_kernel([member], digits, PLAIN)
        np.testing.assert_array_equal(alone.advance(order, rates)[:, 0], losses[:, index])
        n_layers = len(member.patterns)
        np.testing.assert_array_equal(alone.gradient_norms()[0], norms[index, :n_layers])
        assert np.isnan(norms[index, n_layers:]).all()


def test_the_number_of_threads_changes_nothing(digits):
    members = mixed_members()
    order, rates = schedule(digits, PLAIN, 5)
    states = []
    for n_threads in (1, 2, 7):
        engine = KernelEngine(members, digits, PLAIN, CPU, n_threads)
        engine.advance(order, rates)
        states.append(engine.state())
    for state in states[1:]:
        assert_same_state(states[0], state)


@pytest.mark.parametrize(
    ("n_threads", "shared"),
    [(1, [[0, 1, 2]]), (2, [[0, 2], [1]]), (5, [[0], [1], [2]])],
)
def test_members_are_shared_out_by_their_edges(digits, n_threads, shared):
    members = [random_member((64, width, 10), 0.5) for width in (20, 90, 30)]
    engine, groups = KernelEngine(members, digits, PLAIN, CPU, n_threads), []
    engine._share_out(np.arange(3), lambda group: groups.append(group.tolist()))
    assert sorted(groups) == shared


@pytest.mark.parametrize("n_images", [1, 128, 130])
def test_images_are_looked_at_in_parts_without_a_seam(digits, n_images):
    engine = make_kernel(mixed_members(), digits, PLAIN)
    images = digits.train_images.flatten(1)
    whole, part = engine.infer(images), engine.infer(images[:n_images])
    assert torch.equal(whole.logits[:, :n_images], part.logits)
    for index in range(3):
        singly = [engine.infer(images[at : at + 1]).active[index] for at in range(n_images)]
        for level, found in enumerate(part.active[index]):
            assert torch.equal(found, torch.stack([each[level] for each in singly]).any(dim=0))


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("number", [0, 1, 3], ids=["sgd", "momentum", "adamw"])
def test_divergence_stays_with_one_member(digits, number, index):
    check_divergence(make_kernel, digits, RECIPES_TO_TRY[number], index)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_a_member_with_weights_that_are_no_numbers_ends_at_once(digits, poison, layer):
    members = mixed_members()
    ill, well, again = (make_kernel(members, digits, PLAIN) for _ in range(3))
    state = ill.state()
    state["weights"][ill._layers(1)[layer][1]] = poison
    ill.restore(state)
    before = ill.parameters()[1]
    order, rates = schedule(digits, PLAIN, 3)
    losses, expected = ill.advance(order, rates), well.advance(order, rates)
    np.testing.assert_array_equal(losses[:, [0, 2]], expected[:, [0, 2]])
    if poison == -np.inf and layer < 2:
        return  # a unit whose sum is -inf is only dead
    assert not np.isfinite(losses[:, 1]).any()
    assert np.isnan(ill.gradient_norms()[1]).all()
    for found, left in zip(ill.parameters()[1], before, strict=True):
        torch.testing.assert_close(found.weights, left.weights, rtol=0, atol=0, equal_nan=True)
    again.restore(ill.state())
    for engine in (ill, again):
        assert np.isnan(engine.advance(order, rates)[:, 1]).all()


def test_a_weight_for_each_edge(digits):
    engine = make_kernel(mixed_members(), digits, PLAIN)
    engine.check_zeros_outside()
    engine._ensemble = engine._ensemble._replace(weights=engine._ensemble.weights[1:])
    with pytest.raises(AssertionError, match="weights for"):
        engine.check_zeros_outside()


def test_what_it_cannot_do_is_refused(digits):
    members = mixed_members()
    with pytest.raises(ParameterError, match="CPU"):
        KernelEngine(members, digits, PLAIN, torch.device("cuda"))
    with pytest.raises(ParameterError, match="n_threads"):
        KernelEngine(members, digits, PLAIN, CPU, n_threads=0)
    with pytest.raises(ParameterError, match="batch_norm"):
        KernelEngine(members, digits, dataclasses.replace(PLAIN, batch_norm=True), CPU)


def test_each_function_is_compiled_once(digits):
    from topograph.training.engines import kernel_loops

    for recipe in RECIPES_TO_TRY:
        engine = make_kernel(mixed_members(), digits, recipe)
        engine.advance(*schedule(digits, recipe, 1))
        engine.infer(digits.test_images[:5].flatten(1))
    for function in (kernel_loops.train, kernel_loops.infer):
        assert len(function.signatures) == 1


def test_without_numba_there_is_one_sentence(digits, monkeypatch):
    import topograph.training.engines as engines

    monkeypatch.delitem(sys.modules, "topograph.training.engines.kernel_loops", raising=False)
    monkeypatch.delattr(engines, "kernel_loops", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[fast\]"):
        make_kernel(mixed_members(), digits, PLAIN)


def test_a_retired_member_has_no_state_of_its_optimizer(digits):
    engine = KernelEngine(mixed_members()[:1], digits, MODERN, torch.device("cpu"))
    engine.advance(*schedule(digits, MODERN, 3))
    engine.retire(0)
    for name, kept in engine.state().items():
        assert name in ("status", "steps") or not kept.any(), name
