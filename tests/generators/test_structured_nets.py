"""Nets of the structured families: exact counts, seeds, refusals, provenance, permutation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators import (
    butterfly_family,
    continuous_family,
    monarch_family,
    network_family,
    pattern_family,
    structured_family,
)
from topograph.generators.registry import FAMILIES, family_net

MODULES = [
    module.__name__
    for module in (
        butterfly_family,
        continuous_family,
        monarch_family,
        network_family,
        pattern_family,
        structured_family,
    )
]
OWN = sorted(name for name, own in FAMILIES.items() if own.draw.__module__ in MODULES)
RANDOM = {
    "block-sparse",
    "continuous",
    "n-m",
    "receptive-field",
    "scale-free",
    "small-world",
    "stochastic-blocks",
}
WIDTHS = [32, 32, 32]


def test_all_are_registered():
    assert OWN == [
        "banded",
        "block-sparse",
        "butterfly",
        "continuous",
        "monarch",
        "n-m",
        "receptive-field",
        "scale-free",
        "small-world",
        "stochastic-blocks",
        "strided",
    ]


@pytest.mark.parametrize("name", OWN)
def test_legends_are_definitions(name):
    assert FAMILIES[name].legend.endswith(".")
    assert len(FAMILIES[name].legend) < 100


@pytest.mark.parametrize("name", OWN)
def test_same_seed_same_bytes(name):
    options = {} if name == "scale-free" else {"permuted": True}
    nets = [family_net(name, WIDTHS, 0.25, seed=s, nearest=True, **options) for s in (4, 4, 5)]
    for one, again, other in zip(*(net.layers for net in nets), strict=True):
        assert one.biadjacency.indices.tobytes() == again.biadjacency.indices.tobytes()
        assert one.biadjacency.indptr.tobytes() == again.biadjacency.indptr.tobytes()
        assert one.biadjacency.indices.tobytes() != other.biadjacency.indices.tobytes()


@pytest.mark.parametrize("name", OWN)
def test_layers_are_drawn_whatever_the_others_are(name):
    whole = family_net(name, WIDTHS, 0.25, seed=4, nearest=True)
    alone = family_net(name, WIDTHS[:2], 0.25, seed=4, nearest=True)
    assert whole.select_layers(1, 1).equals(alone)
    changed = family_net(name, WIDTHS, [0.125, 0.25], seed=4, nearest=True)
    one, other = (net.layers[1].biadjacency.to_csr() for net in (whole, changed))
    assert (one != other).nnz == 0


@pytest.mark.parametrize("name", OWN)
def test_two_layers_of_a_net_are_drawn_independently(name):
    one, other = (
        layer.biadjacency for layer in family_net(name, WIDTHS, 0.25, nearest=True).layers
    )
    same = np.array_equal(one.to_csr().toarray(), other.to_csr().toarray())
    assert same == (name not in RANDOM)


@pytest.mark.parametrize("name", OWN)
def test_provenance_makes_the_net_again(name):
    net = family_net(name, WIDTHS, 0.4, seed=9, nearest=True)
    made = net.provenance
    assert family_net(made["family"], **made["parameters"]).equals(net)
    assert made["edges_reached"] == [layer.n_edges for layer in net.layers]


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 2**40))
def test_reachable_counts_are_met_exactly(name, n_in, n_out, density, seed):
    chosen = FAMILIES[name]
    if name == "butterfly":
        n_in = n_out = 2 ** (n_in % 6)
    if name == "n-m":
        n_in *= 4
    options = {"blocks": 1, "within": 1.0} if name == "stochastic-blocks" else {}
    asked = round(density * n_in * n_out)
    counts = (asked,)
    if chosen.reachable is not None:
        counts = chosen.reachable(n_in, n_out, asked, **options)
    assert counts
    for n_edges in counts:
        if chosen.reachable is not None:
            assert chosen.reachable(n_in, n_out, n_edges, **options) == (n_edges,)
        layer = chosen.draw(n_in, n_out, n_edges, np.random.default_rng(seed), **options)
        assert layer.n_edges == n_edges
        assert layer.shape == (n_in, n_out)


@pytest.mark.parametrize("name", OWN)
def test_counts_out_of_reach_are_refused_with_the_nearest(name):
    for n_edges in (-1, 32 * 32 + 1):
        with pytest.raises(
            ParameterError, match=rf"32 x 32 cannot have {n_edges} edges.*nearest: \d"
        ):
            FAMILIES[name].draw(32, 32, n_edges, np.random.default_rng(0))


@pytest.mark.parametrize("name", [name for name in OWN if FAMILIES[name].reachable is None])
@pytest.mark.parametrize("shape", list(itertools.permutations([1, 3, 10, 64], 2)))
def test_none_and_all_edges(name, shape):
    for n_edges in (0, shape[0] * shape[1]):
        layer = FAMILIES[name].draw(*shape, n_edges, np.random.default_rng(0))
        assert layer.n_edges == n_edges
        assert layer.shape == shape


@pytest.mark.parametrize("name", [name for name in OWN if name != "scale-free"])
def test_permuted_layers_have_the_same_singular_values(name):
    def values(permuted):
        n_edges = {"n-m": 512}.get(name, 256)
        rng = np.random.default_rng(3)
        layer = FAMILIES[name].draw(32, 32, n_edges, rng, permuted=permuted)
        return np.linalg.svd(layer.to_csr().toarray(), compute_uv=False)

    assert values(permuted=True) == pytest.approx(values(permuted=False), abs=1e-9)
