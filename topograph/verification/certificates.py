"""Evidence for verdicts that a reader can check without topograph."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from topograph.counting import exact_paths, log10_paths
from topograph.counting.exact_counts import count_of_pair
from topograph.counting.totals import paths_cost_seconds
from topograph.digest import mask_digest
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.report import Certificate, Counterexample, Verdict
from topograph.verification.challenges import challenge
from topograph.verification.hubs import connectedness_by_hubs
from topograph.verification.symmetry import COUNT_EXACTLY_SECONDS, check_symmetric
from topograph.wording import count_text

SCHEMA_VERSION = 1


def certify(graph: LayeredGraph, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return a certificate of verdicts: claims on a mask, each with evidence, ready for JSON.

    Whoever has the mask can check it with ``examples/check_certificate.py``, 150 lines that
    import nothing but numpy. The page on certificates defines every field.

    Parameters
    ----------
    graph : LayeredGraph
    verdicts : sequence of Certificate, Counterexample or Undecided
        On connectedness and symmetry, from `verify`. What is undecided, and other properties,
        are left out.

    Raises
    ------
    Undefined
        If nothing is left to claim.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> from topograph.verification import verify
    >>> made = certify(broken_bridge(), verify(broken_bridge()))
    >>> made["claims"][0]["evidence"]
    {'kind': 'no-path', 'input': 2, 'output': 0}
    >>> made["claims"][1]["evidence"]["pairs"]
    [[1, 0, '0'], [0, 0, '1']]
    """
    mask_sha256 = mask_digest(graph)
    claims = []
    for verdict in verdicts:
        evidence = _evidence(graph, verdict, mask_sha256)
        if evidence is not None:
            claim = {
                "property": verdict.property,
                "outcome": "holds" if verdict.holds else "refuted",
                "tier": verdict.method,
                "evidence": evidence,
            }
            claims.append(claim)
    if not claims:
        raise Undefined(
            "There is nothing to certify: no verdict on connectedness or symmetry was reached."
        )
    body = {"schema_version": SCHEMA_VERSION, "mask_sha256": mask_sha256, "claims": claims}
    return {**body, "sha256": seal(body)}


def seal(body: dict[str, Any]) -> str:
    """SHA-256 of the JSON of all other fields: keys sorted, no spaces, ASCII."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _evidence(graph: LayeredGraph, verdict: Verdict, mask_sha256: str) -> dict[str, Any] | None:
    known = verdict.property in ("connected", "symmetric")
    if isinstance(verdict, Certificate) and known:
        return _proof(graph, verdict, mask_sha256)
    if not isinstance(verdict, Counterexample) or not known:
        return None
    if verdict.property == "connected":
        ends = {"input": verdict.facts["input"], "output": verdict.facts["output"]}
        return {"kind": "no-path", **ends}
    pairs = [[pair["input"], pair["output"], pair["paths"]] for pair in verdict.facts["pairs"]]
    return {"kind": "counts", "modulus": verdict.facts.get("modulo", 0), "pairs": pairs}


def _proof(graph: LayeredGraph, verdict: Certificate, mask_sha256: str) -> dict[str, Any]:
    facts = verdict.facts
    if verdict.property == "symmetric":
        return _random_vectors(graph, mask_sha256)
    if "level" not in facts:
        if check_symmetric(graph).holds:
            return _random_vectors(graph, mask_sha256)
        found = connectedness_by_hubs(graph, 0)
        if not isinstance(found, Certificate):
            return {"kind": "reachability"}
        facts = found.facts
    units = facts.get("units", [facts.get("unit")])
    return {"kind": "hubs", "level": facts["level"], "units": units}


def _random_vectors(graph: LayeredGraph, mask_sha256: str) -> dict[str, Any]:
    count = _count(graph)
    asked = challenge(mask_sha256, count_text(count), len(graph.layers), graph.n_outputs)
    if not asked.holds(graph):
        raise AssertionError("a verdict of symmetry was wrong: its certificate does not hold")
    return {
        "kind": "random-vectors",
        "count": count_text(count),
        "primes": list(asked.primes),
        "residues": list(asked.residues),
    }


def _count(graph: LayeredGraph) -> int:
    """Return the number of paths of every pair of a symmetric net."""
    if paths_cost_seconds(graph) <= COUNT_EXACTLY_SECONDS:
        return exact_paths(graph) // (graph.n_inputs * graph.n_outputs)
    return count_of_pair(graph, 0, 0, log10_paths(graph) / math.log10(2.0) + 1.0)
