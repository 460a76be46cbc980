"""Nets of the random families: exact counts, seeds, refusals, and a provenance that suffices."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators import degree_family, expander_family, random_family
from topograph.generators.registry import FAMILIES, family_net

OWN = [
    name
    for name, chosen in FAMILIES.items()
    if chosen.draw.__module__
    in (degree_family.__name__, expander_family.__name__, random_family.__name__)
]
WIDTHS = [24, 12, 18, 6]


def test_all_are_registered():
    assert sorted(OWN) == [
        "balanced",
        "bernoulli",
        "biregular",
        "clustered",
        "fixed-fan-in",
        "fixed-fan-in-covered",
        "ramanujan",
        "uniform",
    ]


@pytest.mark.parametrize("name", OWN)
def test_same_seed_same_net(name):
    nets = [family_net(name, WIDTHS, 0.5, seed=seed, nearest=True) for seed in (4, 4, 5)]
    assert nets[0].equals(nets[1])
    assert not nets[0].equals(nets[2])


@pytest.mark.parametrize("name", OWN)
def test_layers_are_drawn_whatever_the_others_are(name):
    whole = family_net(name, WIDTHS, 0.5, seed=4, nearest=True)
    alone = family_net(name, WIDTHS[:2], 0.5, seed=4, nearest=True)
    assert whole.select_layers(1, 1).equals(alone)
    changed = family_net(name, WIDTHS, [1 / 4, 0.5, 0.5], seed=4, nearest=True)
    assert changed.select_layers(2, 3).equals(whole.select_layers(2, 3))


@pytest.mark.parametrize("name", OWN)
def test_provenance_makes_the_net_again(name):
    net = family_net(name, WIDTHS, 0.4, seed=9, nearest=True, allocation="erk")
    made = net.provenance
    assert family_net(made["family"], **made["parameters"]).equals(net)
    assert made["edges_reached"] == [layer.n_edges for layer in net.layers]
    assert set(FAMILIES[name].options) <= set(made["parameters"])


@pytest.mark.parametrize("name", [name for name in OWN if FAMILIES[name].exact])
@given(st.floats(0.01, 1.0), st.integers(0, 2**40))
def test_reachable_counts_are_met_exactly(name, density, seed):
    chosen = FAMILIES[name]
    for n_in, n_out in itertools.pairwise(WIDTHS):
        asked = round(density * n_in * n_out)
        counts = (asked,) if chosen.reachable is None else chosen.reachable(n_in, n_out, asked)
        for n_edges in counts:
            assert chosen.reachable is None or chosen.reachable(n_in, n_out, n_edges) == (n_edges,)
            drawn = chosen.layer(n_in, n_out, n_edges, np.random.default_rng(seed))
            assert drawn.biadjacency.n_edges == n_edges
            assert drawn.biadjacency.shape == (n_in, n_out)


def test_the_nearest_counts_are_named_or_taken():
    with pytest.raises(ParameterError) as caught:
        family_net("biregular", [300, 100, 10], 0.05)
    for part in ("Layer 2 of 100 x 10", "50 edges", "the nearest is 100 (density 0.1)"):
        assert part in str(caught.value)
    with pytest.raises(ParameterError) as caught:
        family_net("fixed-fan-in", [300, 100, 10], 0.0521)
    for part in ("300 x 100", "1500", "1600", "nearest"):
        assert part in str(caught.value)
    net = family_net("fixed-fan-in", [300, 100, 10], 0.0521, nearest=True)
    assert net.provenance["edges_asked"] != net.provenance["edges_reached"]
    assert net.provenance["edges_reached"] == [1600, 50]


@pytest.mark.parametrize("seed", [-1, 1.5, "0"])
def test_seeds_are_integers(seed):
    with pytest.raises(ParameterError, match="seed must be an integer of at least 0"):
        family_net("uniform", WIDTHS, 0.5, seed=seed)


def test_options_a_family_does_not_have():
    with pytest.raises(ParameterError, match=r"no parameter 'blocks'.*max_draws"):
        family_net("ramanujan", WIDTHS, 0.5, blocks=2)
