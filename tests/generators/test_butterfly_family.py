"""Butterflies and Monarch nets: the published structure, and one path a pair."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph import verify
from topograph.errors import ParameterError
from topograph.generators import radix_net
from topograph.generators.butterfly_family import butterfly_layer, butterfly_net
from topograph.generators.monarch_family import monarch_layer, monarch_net
from topograph.generators.registry import FAMILIES, family_net
from topograph.graph import chain
from topograph.metrics import component_count
from topograph.propagation import EXACT, arrive

RNG = np.random.default_rng(0)


def mask(layer):
    return layer.to_csr().toarray()


def path_matrix(net):
    return arrive(net, np.eye(net.n_inputs, dtype=np.int64), EXACT).T


@given(st.data(), st.integers(0, 6))
def test_units_differ_in_the_chosen_digits_alone(data, n_digits):
    stage = data.draw(st.integers(0, n_digits))
    digits = data.draw(st.integers(0, n_digits - stage))
    n = 2**n_digits
    layer = mask(butterfly_layer(n, n, n * 2**digits, RNG, stage=stage))
    free = (2**digits - 1) << stage
    for i in range(n):
        for j in range(n):
            assert layer[i, j] == ((i ^ j) & ~free == 0)


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_a_layer_is_a_kronecker_product(low, chosen, high):
    n = 2 ** (low + chosen + high)
    product = np.kron(np.kron(np.eye(2**high), np.ones((2**chosen, 2**chosen))), np.eye(2**low))
    assert np.array_equal(mask(butterfly_layer(n, n, n * 2**chosen, RNG, stage=low)), product)


@pytest.mark.parametrize("n_digits", range(1, 7))
def test_one_path_a_pair(n_digits):
    net = butterfly_net(2**n_digits)
    assert len(net.layers) == n_digits
    assert (path_matrix(net) == 1).all()
    assert verify(net, ["symmetric"])[0].holds


@pytest.mark.parametrize(("n", "depth"), [(4, 3), (8, 7), (16, 8)])
def test_deeper_nets_stay_symmetric(n, depth):
    assert (path_matrix(butterfly_net(n, depth)) == 2**depth // n).all()


def test_shallower_nets_leave_pairs_unconnected():
    assert path_matrix(butterfly_net(8, 2)).sum(axis=0).tolist() == [4] * 8


@pytest.mark.parametrize("n_digits", range(2, 6))
def test_radix_nets_have_the_same_paths_but_are_other_graphs(n_digits):
    butterfly = butterfly_net(2**n_digits)
    radix = radix_net([[2] * n_digits])
    assert np.array_equal(path_matrix(butterfly), path_matrix(radix))
    for place, (one, other) in enumerate(zip(butterfly.layers, radix.layers, strict=True)):
        assert set(one.fan_in()) == set(other.fan_in()) == {2}
        assert component_count(butterfly, one) == 2 ** (n_digits - 1)
        assert component_count(radix, other) == 2**place


def test_provenance_makes_the_nets_again():
    for net, make in ((butterfly_net(8, 5), butterfly_net), (monarch_net(12, 3), monarch_net)):
        assert net.equals(make(**net.provenance["parameters"]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: butterfly_net(100), r"power of two, but it is 100\. Hint: the nearest is 128"),
        (lambda: butterfly_net(1), "n must be an integer of at least 2"),
        (lambda: butterfly_net(8, 0), "depth must be an integer of at least 1"),
        (lambda: family_net("butterfly", [64, 32], 0.5), r"square.*64 x 64 and 32 x 32"),
        (lambda: family_net("butterfly", [48, 48], 0.5), r"the nearest is 32"),
        (lambda: family_net("butterfly", [64, 64], 0.05), r"128 .* or 256"),
        (lambda: family_net("butterfly", [64, 64], 0.5, stage=7), r"stage must be at most 6"),
        (lambda: butterfly_layer(8, 8, 64, RNG, stage=1), r"the nearest: 32"),
        (lambda: family_net("monarch", [784, 300], 0.05), r"the nearest is 58800"),
        (lambda: monarch_layer(12, 18, 100, RNG), r"the nearest: 72 or 108"),
        (lambda: monarch_net(12, 5), r"a divisor of 12, but it is 5\. .*nearest: 4"),
        (lambda: monarch_net(12, 0), "blocks must be an integer of at least 1"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


@given(st.integers(1, 6), st.integers(1, 6))
def test_monarch_nets_join_all_pairs_by_one_path(size, blocks):
    net = monarch_net(size * blocks, blocks)
    assert (path_matrix(net) == 1).all()
    assert verify(net, ["symmetric"])[0].holds
    first, second = (mask(layer.biadjacency) for layer in net.layers)
    assert np.array_equal(first, np.kron(np.eye(blocks), np.ones((size, size))))
    assert np.array_equal(second, np.kron(np.ones((blocks, blocks)), np.eye(size)))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_monarch_layers_are_blocks_dealt_out(blocks, height, width):
    n_in, n_out = blocks * height, blocks * width
    layer = mask(monarch_layer(n_in, n_out, n_in * n_out // blocks, RNG))
    dealt = np.concatenate([np.arange(block, n_out, blocks) for block in range(blocks)])
    assert np.array_equal(layer[:, dealt], np.kron(np.eye(blocks), np.ones((height, width))))


@pytest.mark.parametrize("root", [2, 3, 5])
def test_two_square_monarch_layers_join_all_pairs_by_one_path(root):
    n = root * root
    layer = monarch_layer(n, n, n * root, RNG)
    assert (path_matrix(chain([layer, layer])) == 1).all()


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 3700))
def test_nearest_monarch_layers_by_trying_all(n_in, n_out, wish):
    every = [n_in * n_out // b for b in range(1, n_in + 1) if n_in % b == n_out % b == 0]
    nearest = FAMILIES["monarch"].reachable(n_in, n_out, wish)
    assert set(nearest) <= set(every)
    best = min(abs(count - wish) for count in every)
    assert min(abs(count - wish) for count in nearest) == best
    assert math.gcd(n_in, n_out) >= n_in * n_out // min(nearest)


@pytest.mark.parametrize(("name", "n_edges"), [("butterfly", 128), ("monarch", 128)])
def test_permuted_layers_are_the_same_up_to_the_order_of_units(name, n_edges):
    plain = mask(FAMILIES[name].draw(32, 32, n_edges, RNG))
    permuted = mask(FAMILIES[name].draw(32, 32, n_edges, np.random.default_rng(7), permuted=True))
    rng = np.random.default_rng(7)
    rows, columns = rng.permutation(32), rng.permutation(32)
    assert not np.array_equal(permuted, plain)
    assert np.array_equal(permuted[rows][:, columns], plain)
