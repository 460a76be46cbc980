"""Certificates and masks that are not what they were."""

from __future__ import annotations

import copy

import numpy as np

from topograph.biadjacency import Identity, Sparse
from topograph.digest import mask_digest
from topograph.graph import Layer, LayeredGraph, chain
from topograph.verification.certificates import seal
from topograph.verification.challenges import challenge


def sealed(certificate):
    body = {name: value for name, value in certificate.items() if name != "sha256"}
    return {**body, "sha256": seal(body)}


def claim(certificate, about, outcome, evidence):
    """Replace the claims by a single one."""
    said = {"property": about, "outcome": outcome, "tier": "by hand", "evidence": evidence}
    return sealed({**certificate, "claims": [said]})


def forged(graph, count, residues_of=None):
    """What a forger would write: derived as the format says, for a mask that is not symmetric."""
    made = challenge(mask_digest(graph), str(count), len(graph.layers), graph.n_outputs)
    evidence = {
        "kind": "random-vectors",
        "count": str(count),
        "primes": list(made.primes),
        "residues": residues_of(made) if residues_of else list(made.residues),
    }
    return claim(base_of(graph), "symmetric", "holds", evidence)


def base_of(graph):
    return {"schema_version": 1, "mask_sha256": mask_digest(graph)}


def places(value, path=()):
    """Every field of a certificate, the entries of lists included."""
    yield path
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in entries:
            yield from places(inner, (*path, name))


def other_than(value):
    if isinstance(value, dict):
        return {}
    if isinstance(value, list):
        return value[:-1]
    if isinstance(value, int):
        return value + 1
    if value in ("connected", "symmetric"):
        return "symmetric" if value == "connected" else "connected"
    if value in ("holds", "refuted"):
        return "refuted" if value == "holds" else "holds"
    if value.isdigit():
        return str(int(value) + 1)
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def altered(certificate, path, change):
    """Return the certificate with one field changed."""
    made = copy.deepcopy(certificate)
    inner = made
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = change(inner[path[-1]])
    return made


def moved_edge(graph):
    """Move the first edge of the first layer that has room to another target."""
    masks = [layer.biadjacency.to_csr().toarray() for layer in graph.layers]
    mask = next(one for one in masks if 0 < one.sum() < one.size)
    i = next(row for row in range(len(mask)) if 0 < mask[row].sum() < mask.shape[1])
    j, free = np.flatnonzero(mask[i])[0], np.flatnonzero(mask[i] == 0)[0]
    mask[i, j], mask[i, free] = 0, 1
    return rebuilt(graph, masks)


def swapped(graph):
    """Exchange the targets of two edges: all degrees stay."""
    masks = [layer.biadjacency.to_csr().toarray() for layer in graph.layers]
    for mask in masks:
        edges = np.argwhere(mask)
        for a, i in edges:
            for b, j in edges:
                if not mask[a, j] and not mask[b, i]:
                    mask[[a, b], [i, j]], mask[[a, b], [j, i]] = 0, 1
                    return rebuilt(graph, masks)
    raise AssertionError("no two edges can be exchanged")


def rebuilt(graph, masks):
    return LayeredGraph(
        graph.widths,
        [
            Layer(layer.name, layer.source, layer.target, Sparse.from_matrix(mask))
            for layer, mask in zip(graph.layers, masks, strict=True)
        ],
    )


def deepened(graph):
    return chain([*(one.biadjacency for one in graph.layers), Identity(*[graph.n_outputs] * 2)])
