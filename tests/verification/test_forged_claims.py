"""False claims are rejected, though sealed as the format says."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs
from tests.verification.certified_nets import NETS
from tests.verification.checking import accepted
from tests.verification.forging import altered, base_of, claim, forged, sealed
from topograph.biadjacency import Sparse
from topograph.digest import mask_digest
from topograph.graph import chain
from topograph.toy import broken_bridge, butterfly
from topograph.verification import certify, check_connected, verify


@settings(max_examples=25)
@given(layered_graphs(), st.integers(1, 3))
def test_forged_claims_of_symmetry_are_rejected(folder, graph, count):
    counts = np.array(naive.pair_counts(graph))
    assume((counts != count).any())
    assert not accepted(folder, graph, forged(graph, count))

    def first_row(made):
        return (counts[0] @ made.vectors % np.array(made.primes)).tolist()

    assert not accepted(folder, graph, forged(graph, count, first_row))


def test_primes_of_ones_own_choice_are_rejected(folder):
    """All counts are 1 modulo 2, but they are 1 and 3."""
    counts = np.array([[1, 3], [3, 1]])
    pairs = np.repeat(np.arange(4), counts.ravel())
    hidden = np.arange(8)
    graph = chain(
        [
            Sparse.from_edges(pairs // 2, hidden, (2, 8)),
            Sparse.from_edges(hidden, pairs % 2, (8, 2)),
        ]
    )
    made = forged(graph, 1)
    evidence = made["claims"][0]["evidence"]
    seed = f"topograph-certificate 1 {mask_digest(graph)} 1 ".encode()
    evidence["primes"] = [2] * len(evidence["primes"])
    evidence["residues"] = [
        sum(hashlib.shake_256(seed + b"%d" % k).digest(16)[::8]) % 2 for k in range(5)
    ]
    assert not accepted(folder, graph, sealed(made))


def test_no_paths_are_not_symmetric(folder):
    graph = NETS["no path"]()
    assert not accepted(folder, graph, forged(graph, 0))


@pytest.mark.parametrize("count", ["0", "-1", str(16**200), "1.0", "", "many", None, 1])
def test_impossible_counts_are_rejected(folder, count):
    graph = butterfly()
    certificate = certify(graph, verify(graph, ["symmetric"]))
    made = altered(certificate, ("claims", 0, "evidence", "count"), lambda _: count)
    assert not accepted(folder, graph, sealed(made))


def test_a_count_that_fits_the_residues_alone_is_rejected(folder):
    """Primes that were known before the count was chosen would let it through."""
    graph = butterfly()
    certificate = certify(graph, verify(graph, ["symmetric"]))
    evidence = certificate["claims"][0]["evidence"]
    false = 1 + int(np.prod([int(p) for p in evidence["primes"]], dtype=object))
    made = altered(certificate, ("claims", 0, "evidence", "count"), lambda _: str(false))
    assert not accepted(folder, graph, sealed(made))


@settings(max_examples=25)
@given(layered_graphs(), st.data())
def test_false_evidence_on_connectedness_is_rejected(folder, graph, data):
    counts = np.array(naive.pair_counts(graph))
    source = data.draw(st.integers(-1, graph.n_inputs))
    sink = data.draw(st.integers(-1, graph.n_outputs))
    pair = {"kind": "no-path", "input": source, "output": sink}
    truth = (
        0 <= source < graph.n_inputs and 0 <= sink < graph.n_outputs and not counts[source, sink]
    )
    assert accepted(folder, graph, claim(base_of(graph), "connected", "refuted", pair)) == truth
    reachable = {"kind": "reachability"}
    made = claim(base_of(graph), "connected", "holds", reachable)
    assert accepted(folder, graph, made) == counts.all()
    level = data.draw(st.integers(0, graph.n_levels - 1))
    units = data.draw(st.lists(st.integers(0, graph.widths[level] - 1), max_size=3, unique=True))
    hubs = {"kind": "hubs", "level": level, "units": units}
    if accepted(folder, graph, claim(base_of(graph), "connected", "holds", hubs)):
        assert counts.all()


@settings(max_examples=25)
@given(layered_graphs(), st.data())
def test_false_counts_are_rejected(folder, graph, data):
    counts = np.array(naive.pair_counts(graph))
    modulus = data.draw(st.sampled_from([0, 0, 2, 3, 2**31, -3]))
    pairs = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, graph.n_inputs - 1),
                st.integers(0, graph.n_outputs - 1),
                st.integers(0, 3),
            ),
            min_size=1,
            max_size=2,
        )
    )
    evidence = {
        "kind": "counts",
        "modulus": modulus,
        "pairs": [[source, sink, str(count)] for source, sink, count in pairs],
    }
    made = claim(base_of(graph), "symmetric", "refuted", evidence)
    if accepted(folder, graph, made):
        assert not counts.min() == counts.max() > 0


def test_residues_that_differ_refute(folder):
    """The fall-back for nets whose counts are too long to be swept."""
    graph = broken_bridge()
    evidence = {"kind": "counts", "modulus": 7, "pairs": [[0, 0, "1"], [1, 0, "0"]]}
    assert accepted(folder, graph, claim(base_of(graph), "symmetric", "refuted", evidence))
    evidence["modulus"] = 2**31  # sums of such residues could overflow
    assert not accepted(folder, graph, claim(base_of(graph), "symmetric", "refuted", evidence))
    evidence = {"kind": "counts", "modulus": 7, "pairs": [[1, 0, "0"]]}
    assert not accepted(folder, graph, claim(base_of(graph), "symmetric", "refuted", evidence))


def test_evidence_of_one_property_does_not_show_another(folder):
    graph = NETS["several hubs"]()
    hubs = certify(graph, [check_connected(graph)])["claims"][0]["evidence"]
    assert hubs["kind"] == "hubs"
    assert not accepted(folder, graph, claim(base_of(graph), "symmetric", "holds", hubs))
    assert not accepted(folder, graph, claim(base_of(graph), "connected", "refuted", hubs))
    unknown = {"kind": "trust"}
    assert not accepted(folder, graph, claim(base_of(graph), "connected", "holds", unknown))
