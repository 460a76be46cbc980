"""Genuine certificates are accepted; altered ones, and altered masks, are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs, radix_nets, symmetric_nets
from tests.verification.certified_nets import NETS
from tests.verification.checking import accepted
from tests.verification.forging import (
    altered,
    deepened,
    moved_edge,
    other_than,
    places,
    sealed,
    swapped,
)
from topograph.biadjacency import Sparse
from topograph.digest import mask_digest
from topograph.errors import Undefined
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.report import Certificate, Undecided
from topograph.toy import broken_bridge, butterfly
from topograph.verification import certificates, certify, check_symmetric, verify
from topograph.verification.challenges import challenge


@pytest.mark.parametrize("name", NETS)
def test_genuine_certificates_are_accepted(folder, name, capsys):
    graph = NETS[name]()
    verdicts = verify(graph)
    assert accepted(folder, graph, certify(graph, verdicts))
    outcomes = ["holds" if verdict.holds else "refuted" for verdict in verdicts]
    told = [
        f"accepted: {verdict.property} {outcome}"
        for verdict, outcome in zip(verdicts, outcomes, strict=True)
    ]
    assert capsys.readouterr().out.splitlines() == told


@settings(max_examples=25)
@given(st.one_of(layered_graphs(), radix_nets(max_base=6), symmetric_nets()))
def test_certificates_of_all_nets_are_accepted(folder, graph):
    assert accepted(folder, graph, certify(graph, verify(graph)))


@pytest.mark.parametrize("name", NETS)
def test_every_altered_field_is_rejected(folder, name):
    graph = NETS[name]()
    certificate = certify(graph, verify(graph))
    for path in [*places(certificate)][1:]:
        assert not accepted(folder, graph, altered(certificate, path, other_than)), path


@pytest.mark.parametrize("name", NETS)
def test_altered_fields_are_rejected_even_if_sealed_anew(folder, name):
    """All but the name of the tier, which claims nothing, and another evidence that holds."""
    graph = NETS[name]()
    certificate = certify(graph, verify(graph))
    counts = np.array(naive.pair_counts(graph))
    for path in [*places(certificate)][1:]:
        if path[-1] in ("tier", "sha256") or path == ("claims",):
            continue
        made = sealed(altered(certificate, path, other_than))
        if accepted(folder, graph, made):
            for said in made["claims"]:
                truth = {"connected": counts.all(), "symmetric": counts.min() == counts.max() > 0}
                assert (said["outcome"] == "holds") == truth[said["property"]], path
            other = {"property", "input", "output", "level", "units", "pairs"}  # as good
            assert other & set(path), path


def test_claims_cannot_be_left_empty(folder):
    made = sealed({**certify(butterfly(), verify(butterfly())), "claims": []})
    assert not accepted(folder, butterfly(), made)


@pytest.mark.parametrize("alter", [moved_edge, swapped, deepened])
@pytest.mark.parametrize("net", [radix_net([[3, 3], [3, 3]]), butterfly(), broken_bridge()])
def test_altered_masks_are_rejected(folder, net, alter):
    certificate = certify(net, verify(net))
    assert not accepted(folder, alter(net), certificate)
    renamed = sealed({**certificate, "mask_sha256": mask_digest(alter(net))})
    holds = {verdict.property: verdict.holds for verdict in verify(alter(net))}
    if accepted(folder, alter(net), renamed):  # connected all the same
        assert all(
            holds[said["property"]] == (said["outcome"] == "holds") for said in renamed["claims"]
        )


def test_undecided_and_other_properties_are_left_out():
    undecided = Undecided("connected", "It would take long.", "reachability in blocks")
    regular = verify(butterfly(), ["regular", "radix"])
    made = certify(butterfly(), [undecided, *regular, check_symmetric(butterfly())])
    assert [said["property"] for said in made["claims"]] == ["symmetric"]
    with pytest.raises(Undefined, match="nothing to certify"):
        certify(butterfly(), [undecided, *regular])


def test_counts_longer_than_python_prints_are_certified():
    graph = chain([Sparse.from_matrix(np.ones((64, 64)))] * 2400)
    certificate = certify(graph, verify(graph, ["symmetric"]))
    count = certificate["claims"][0]["evidence"]["count"]
    assert int(count, 0) == 64**2399
    assert count.startswith("0x")
    made = challenge(mask_digest(graph), count, 2400, 64)
    assert made.holds(graph)


def test_deep_nets_are_certified(folder):
    graph = graphchallenge_net(1024, 24)
    certificate = certify(graph, verify(graph))
    assert accepted(folder, graph, certificate)
    assert len(certificate["claims"][1]["evidence"]["primes"]) == 6


def test_a_verdict_of_another_net_is_not_certified():
    verdicts = verify(butterfly(), ["symmetric"])
    with pytest.raises(AssertionError, match="does not hold"):
        certify(broken_bridge(), verdicts)


def test_the_count_of_one_pair_is_that_of_all(monkeypatch):
    graph = radix_net([[4, 4]] * 40)
    whole = certificates._count(graph)
    monkeypatch.setattr(certificates, "COUNT_EXACTLY_SECONDS", -1.0)
    assert certificates._count(graph) == whole == 16**39


def test_connectedness_of_a_symmetric_net_is_shown_by_random_vectors():
    graph = radix_net([[4, 4]])
    verdict = Certificate("connected", "Every input reaches every output.", "reachability")
    (claim,) = certify(graph, [verdict])["claims"]
    assert claim["evidence"]["kind"] == "random-vectors"
