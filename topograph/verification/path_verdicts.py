"""What a count of paths, or two that differ, say about symmetry and connectedness."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from topograph.report import Certificate, Counterexample
from topograph.wording import count_text, spelled_count

PairCount: TypeAlias = tuple[int, int, int]
"""The number of paths from an input to an output, that input, and that output."""


def symmetric_net(
    count: int | None, log10: float | None, method: str, doubt: float = 0.0
) -> Certificate:
    """Say that ``count`` paths join every pair; ``log10`` where the count is not known."""
    facts: dict[str, Any] = {"paths_per_pair": None if count is None else count_text(count)}
    if count is None:
        facts["log10_paths_per_pair"] = log10
        statement = (
            f"The same number of paths, about 10^{log10:.6g}, joins every input to every output."
        )
    else:
        facts["log10_paths_per_pair"] = math.log10(count)
        noun, verb = ("path", "joins") if count == 1 else ("paths", "join")
        statement = f"Exactly {spelled_count(count)} {noun} {verb} every input to every output."
    return Certificate("symmetric", statement, method, doubt, facts)


def two_counts(low: PairCount, high: PairCount, method: str, prime: int = 0) -> Counterexample:
    """Show two pairs whose counts, or residues of counts modulo ``prime``, differ."""
    if low[0] == high[0]:
        raise AssertionError(f"pairs {low[1:]} and {high[1:]} were to differ in their counts")
    pairs = [
        {"input": source, "output": sink, "paths": count_text(count)}
        for count, source, sink in (low, high)
    ]
    modulo = f" modulo {prime}" if prime else ""
    first, other = (
        f"rom input {source} to output {sink} there {'is' if count == 1 else 'are'} "
        f"{spelled_count(count)}"
        for count, source, sink in (low, high)
    )
    noun = "path" if low[0] == 1 else "paths"
    more = ""
    if spelled_count(low[0]) == spelled_count(high[0]):
        more = f" They differ by {spelled_count(abs(high[0] - low[0]))}."
    return Counterexample(
        "symmetric",
        f"F{first} {noun}{modulo}, but f{other}{modulo}.{more}",
        method,
        {"pairs": pairs, **({"modulo": prime} if prime else {})},
    )


def unconnected_pair(source: int, sink: int, method: str, statement: str = "") -> Counterexample:
    """Show an input and an output that no path joins."""
    return Counterexample(
        "connected",
        statement or f"There is no path from input {source} to output {sink}.",
        method,
        {"input": source, "output": sink, "paths": "0"},
    )


def connected_net(
    method: str, doubt: float = 0.0, why: str = "", facts: dict[str, Any] | None = None
) -> Certificate:
    """Say that every input reaches every output, and ``why`` where that is short."""
    statement = f"Every input reaches every output{why}."
    return Certificate("connected", statement, method, doubt, facts or {})
