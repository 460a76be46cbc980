"""What is there to say of a mask in a few sentences?"""

from __future__ import annotations

from topograph.export.layout import value_of
from topograph.export.null_layout import null_story
from topograph.report import Report
from topograph.wording import counted


def mask_story(report: Report) -> list[str]:
    """Return what sets a mask apart, in sentences: its edges, its paths, what is dead.

    Examples
    --------
    >>> from topograph.analysis import analyze
    >>> from topograph.toy import broken_bridge, butterfly
    >>> mask_story(analyze(butterfly()))[1]
    'Every input reaches every output, by equally many paths.'
    >>> mask_story(analyze(broken_bridge()))[1:]
    ['Only 50 % of the pairs of input and output are joined by a path; CV of the path counts 1.', \
'Dead: 1 input, 1 hidden unit.']
    """
    beside = null_story(report.null) if report.null is not None else ""
    return [line for line in (_edges(report), _paths(report), _dead(report), beside) if line]


def _value(report: Report, metric: str) -> float | int | None:
    try:
        return report.measurement(metric).value
    except KeyError:
        return None


def _edges(report: Report) -> str:
    density = _value(report, "density")
    effective = _value(report, "effective_density")
    if density is None:
        return ""
    said = f"{100 * density:.3g} % of the possible edges are there"
    if not density or effective is None:
        return f"{said}."
    share = effective / density
    if share == 1:
        return f"{said}, and all of them lie on a path."
    return f"{said}, and {100 * share:.3g} % of these lie on a path."


def _paths(report: Report) -> str:
    holds = {verdict.property: verdict.holds for verdict in report.verdicts}
    if holds.get("symmetric"):
        return "Every input reaches every output, by equally many paths."
    uneven = _unevenness(report)
    if holds.get("connected"):
        said = "Every input reaches every output, but by unequally many paths"
        return f"{said}: {uneven}." if uneven else f"{said}."
    share = _value(report, "connected_pair_fraction")
    if share == 0:
        return "No input reaches any output."
    if share is None:
        return f"{uneven}." if uneven else ""
    said = f"Only {100 * share:.3g} % of the pairs of input and output are joined by a path"
    return f"{said}; {uneven}." if uneven else f"{said}."


def _unevenness(report: Report) -> str:
    try:
        row = report.measurement("path_count_cv")
    except KeyError:
        return ""
    if row.value is None:
        return ""
    shown = f"{row.value:.3g}" if row.kind == "exact" else value_of(row)
    return f"CV of the path counts {shown}"


def _dead(report: Report) -> str:
    counts = [
        (int(count), word)
        for metric, word in (
            ("dead_inputs", "input"),
            ("dead_hidden", "hidden unit"),
            ("dead_outputs", "output"),
        )
        if (count := _value(report, metric))
    ]
    if not counts:
        return "No unit is dead." if _value(report, "dead_hidden") == 0 else ""
    return f"Dead: {', '.join(counted(count, word) for count, word in counts)}."
