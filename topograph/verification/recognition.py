"""Is the net a RadiX-Net, as labelled or in another order of its units?"""

from __future__ import annotations

from typing import Any

from topograph.graph import LayeredGraph
from topograph.radix import (
    NotRadix,
    RecognisedRadix,
    paths_per_pair,
    recognise_radix,
    recognise_relabelled,
)
from topograph.report import Certificate, Counterexample, Undecided, Verdict
from topograph.sharing import shared
from topograph.verification.symmetry import check_symmetric
from topograph.wording import count_text

_AS_LABELLED = "layers compared entry by entry with RadiX layers"
_RELABELLED = "units ordered level by level, then compared entry by entry"
_ANY_ORDER = "degrees, equal rows and the places that they force on units"


@shared
def check_radix(graph: LayeredGraph, seed: int = 0) -> Verdict:
    """Decide whether a graph is a RadiX-Net, and say of which systems and dense widths.

    Every layer is compared with RadiX layers as the units are numbered, in time linear in
    edges. Rows of later layers may stand in another order, as in GraphChallenge nets, which
    is said. Failing that, the units of each level are ordered where that can be decided
    cheaply; and if that stays open a net that is not symmetric is refuted.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the check of symmetry, which is made last.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> check_radix(butterfly()).statement
    'This is the RadiX-Net of systems [[2,2]] with dense widths 1,1,1 (direction +1).'
    >>> check_radix(fano()).statement.split(". No")[0]
    "The units that unit 0 of layer 'layer1' feeds (0, 4, 6) are not evenly spaced"
    """
    labelled = recognise_radix(graph)
    if isinstance(labelled, RecognisedRadix):
        return _certificate(labelled, _AS_LABELLED)
    relabelled = recognise_relabelled(graph)
    if isinstance(relabelled, RecognisedRadix):
        return _certificate(relabelled, _RELABELLED)
    if isinstance(relabelled, NotRadix):
        return _refuted(labelled, relabelled.reason, _ANY_ORDER)
    symmetric = check_symmetric(graph, seed)
    if isinstance(symmetric, Counterexample):
        reason = f"it is not symmetric. {symmetric.statement}"
        return _refuted(labelled, reason, symmetric.method)
    return Undecided(
        "radix",
        f"{labelled.reason} Whether another order of the units mends that stays open: "
        f"{relabelled.reason}",
        _ANY_ORDER,
    )


def _certificate(found: RecognisedRadix, method: str) -> Certificate:
    specification = found.specification
    statement = f"his is the RadiX-Net of {found.describe()}"
    if found.labelling == "up to relabelling":
        statement = f"In another order of its units t{statement}."
    elif found.reordered_layers:
        first, last = found.reordered_layers[0], found.reordered_layers[-1]
        statement = (
            f"T{statement}, but that {len(found.reordered_layers)} layers ({first!r} to {last!r}) "
            f"have their rows in another order, as in GraphChallenge nets."
        )
    else:
        statement = f"T{statement}."
    if 1 in specification.radices:
        statement += " Radices of 1 are no part of the definition."
    facts: dict[str, Any] = {
        "systems": [list(system) for system in specification.systems],
        "dense_widths": list(specification.dense_widths),
        "direction": specification.direction,
        "labelling": found.labelling,
        "reordered_layers": list(found.reordered_layers),
        "paths_per_pair": count_text(paths_per_pair(specification)),
    }
    return Certificate("radix", statement, method, facts=facts)


def _refuted(labelled: NotRadix, reason: str, method: str) -> Counterexample:
    statement = labelled.reason
    if reason != statement:
        statement += f" No order of the units mends that: {reason[0].lower()}{reason[1:]}"
    facts = {"layer": labelled.layer, "unit": labelled.unit}
    return Counterexample("radix", statement, method, facts)
