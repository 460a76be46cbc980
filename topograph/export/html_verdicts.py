"""Verdicts in words that a reader gets at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topograph.export.layout import OUTCOMES, doubt_of
from topograph.report import Counterexample, Verdict

_SIGNS = {True: "✓", False: "✗", None: "?"}
_WORDS = {
    ("connected", True): "Every input reaches every output",
    ("connected", False): "Some inputs do not reach some outputs",
    ("connected", None): "Whether every input reaches every output is open",
    ("symmetric", True): "All pairs have equally many paths",
    ("symmetric", False): "Some pairs have more paths than others",
    ("symmetric", None): "Whether all pairs have equally many paths is open",
    ("regular", True): "All units of a layer have the same degrees",
    ("regular", False): "Units of a layer differ in their degrees",
    ("regular", None): "Whether all units of a layer have the same degrees is open",
    ("radix", True): "It is a RadiX-Net",
    ("radix", False): "It is no RadiX-Net",
    ("radix", None): "Whether it is a RadiX-Net is open",
}


_NO_PATHS = "There are no paths, so no pair has one"


@dataclass(frozen=True)
class VerdictCard:
    """A verdict as a page shows it."""

    property: str
    outcome: str
    sign: str
    words: str
    statement: str
    method: str


def verdict_cards(verdicts: Sequence[Verdict]) -> list[VerdictCard]:
    """Return the verdicts as cards.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> from topograph.verification import verify
    >>> verdict_cards(verify(butterfly(), ["symmetric"]))[0].words
    'All pairs have equally many paths'
    """
    return [
        VerdictCard(
            verdict.property,
            OUTCOMES[verdict.holds],
            _SIGNS[verdict.holds],
            _words(verdict),
            verdict.statement,
            doubt_of(verdict),
        )
        for verdict in verdicts
    ]


def _words(verdict: Verdict) -> str:
    is_uneven = isinstance(verdict, Counterexample) and verdict.property == "symmetric"
    if is_uneven and len(verdict.facts["pairs"]) == 1:  # no second pair with another number
        return _NO_PATHS
    return _WORDS[verdict.property, verdict.holds]
