from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.engines.engine_laws import check_engine, check_steps
from tests.training.engines.members_to_try import radix_member, radix_members
from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    random_member,
    schedule,
)
from topograph.biadjacency import Kronecker, Sparse
from topograph.errors import ParameterError
from topograph.generators import append_dense, fit_widths, radix_net
from topograph.graph import Layer, chain
from topograph.training.data.dataset import Dataset
from topograph.training.engines import radix_layers
from topograph.training.engines.choosing import choose_engine
from topograph.training.engines.member import Member
from topograph.training.engines.pattern import Pattern
from topograph.training.engines.radix import RadixEngine, is_index_free
from topograph.training.engines.radix_layers import BandedForm, banded_linear, suitable_form
from topograph.training.engines.sparse import SparseEngine
from topograph.training.sparse_layers import SparseLayout, sparse_linear

CPU = torch.device("cpu")


def make_radix(members, data, recipe):
    return RadixEngine(members, data, recipe, CPU)


@st.composite
def layers(draw):
    radix, place_value = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    base = radix * place_value * draw(st.integers(1, 6))
    dense_in, dense_out = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return Kronecker(base, radix, place_value, dense_in, dense_out, draw(st.sampled_from([1, -1])))


@settings(max_examples=80, deadline=None)
@given(layers(), st.integers(1, 12), st.integers(1, 9))
def test_every_form_is_the_sparse_layer(layer, tile, batch):
    pattern, form = Pattern.of_layer(Layer("layer1", 0, 1, layer)), BandedForm.of(layer, tile)
    targets, sources = form.edges()
    order = torch.from_numpy(np.lexsort((sources, targets)))
    np.testing.assert_array_equal(targets[order], pattern.targets())
    np.testing.assert_array_equal(sources[order], pattern.sources)
    generator = torch.Generator().manual_seed(batch)

    def draw(*shape):
        return torch.randn(shape, generator=generator).requires_grad_()

    weights, x = draw(pattern.n_edges), draw(pattern.shape[0], batch)
    upstream = draw(pattern.shape[1], batch).detach()
    expected = sparse_linear(weights[order], SparseLayout.of_patterns([pattern]), x)
    found = banded_linear(weights, form, x)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    wanted = torch.autograd.grad(expected, (weights, x), upstream)
    for one, two in zip(torch.autograd.grad(found, (weights, x), upstream), wanted, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)


@pytest.fixture(params=["as measured", "all forms", "long tiles"])
def forms(request, monkeypatch):
    """Choose forms as for large layers, so that small nets try them all."""
    if request.param == "all forms":
        monkeypatch.setattr(radix_layers, "_SMALLEST_TILES", (1, 1))
    if request.param == "long tiles":
        monkeypatch.setattr(radix_layers, "_LONG_RADIX", 1)
        monkeypatch.setattr(radix_layers, "_LONG_TILE", 4)


@pytest.mark.usefixtures("forms")
@pytest.mark.parametrize("recipe", RECIPES_TO_TRY[1:3], ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does(digits, recipe):
    check_engine(make_radix, radix_members(), digits, recipe)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_every_recipe_is_followed(digits, recipe):
    check_steps(make_radix, radix_members()[:1], digits, recipe, 5)


@pytest.mark.usefixtures("forms")
def test_rows_may_be_in_any_order(digits):
    order = np.random.default_rng(0).permutation(64)
    layers = [Kronecker(8, 2, 1, 8, 8, row_order=order), Kronecker(8, 4, 2, 8, 2)]
    graph = chain([*layers, Kronecker(1, 1, 1, 16, 10)])
    check_steps(make_radix, [Member.of_graph(graph)], digits, PLAIN, 5)


def test_it_is_equal_to_the_sparse_engine_on_wide_layers(digits):
    members = [radix_member([[2, 2]], [16, 32, 16], seed=seed) for seed in range(2)]
    order, rates = schedule(digits, PLAIN, 10)
    engines = [kind(members, digits, PLAIN, CPU) for kind in (RadixEngine, SparseEngine)]
    found, expected = (engine.advance(order, rates) for engine in engines)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_weights_that_are_not_numbers_touch_no_other_member(digits):
    order, rates = schedule(digits, PLAIN, 3)
    healthy, ill = (make_radix(radix_members(), digits, PLAIN) for _ in range(2))
    with torch.no_grad():
        for tensor, index in ill._slices(1):
            tensor[index] = np.nan
    expected, losses = healthy.advance(order, rates), ill.advance(order, rates)
    assert np.isnan(losses[:, 1]).all()
    np.testing.assert_array_equal(losses[:, [0, 2]], expected[:, [0, 2]])


def test_forms_are_used_where_they_pay():
    assert suitable_form(Kronecker(64, 4, 4, 16, 16)).tile == 1
    assert suitable_form(Kronecker(1024, 32, 32)).dense_in == 32
    assert suitable_form(Kronecker(1024, 128, 1)).tile == 64
    assert suitable_form(Kronecker(64, 4, 4, 8, 8)) is None
    assert suitable_form(Kronecker(64, 4, 4, 4, 16)).dense_out == 16
    assert suitable_form(Kronecker(64, 4, 4, 4, 15)) is None
    assert suitable_form(Kronecker(64, 4, 4, 3, 64)) is None
    assert suitable_form(Kronecker(1016, 127, 1)) is None


def test_a_complete_layer_is_one_tile_however_small():
    assert suitable_form(Kronecker(1, 1, 1, 3, 10)) == BandedForm(1, 1, 1, 0, 3, 10)


def test_nets_without_a_radix_layer_are_refused(digits):
    with pytest.raises(ParameterError, match=r"random 3 must have a RadiX layer"):
        make_radix([random_member((64, 8, 10), 0.5, seed=3)], digits, PLAIN)


def test_other_layers_of_a_radix_net_are_sparse(digits):
    """As where inputs were dropped to fit the data: that layer is held edge by edge."""
    net = append_dense(fit_widths(radix_net([[4, 5]], [4, 16, 16]), [64, 320, 320]), 10)
    member = Member.of_graph(net, seed=1)
    assert not is_index_free(member)
    assert is_index_free(Member.of_graph(radix_net([[4, 5]], [16, 16, 16])))
    check_engine(make_radix, [member], digits, PLAIN)


def test_auto_takes_it_for_large_nets_alone():
    large, small = (Member.of_graph(radix_net([[32, 32]], [width] * 3)) for width in (16, 1))
    wide = torch.zeros(1, 1, 1, 1)
    data = Dataset("x", wide, torch.zeros(1).long(), wide, torch.zeros(1).long(), 1, verified=False)
    assert choose_engine([large], PLAIN, data, CPU).name == "radix"
    assert choose_engine([small], PLAIN, data, CPU).name in ("kernel", "sparse")
    held = Member.of_graph(
        chain([Sparse.from_matrix(layer.biadjacency.to_csr()) for layer in large.graph.layers])
    )
    assert choose_engine([held], PLAIN, data, CPU).name == "sparse"
