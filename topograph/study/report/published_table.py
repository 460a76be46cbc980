"""Do accuracies that others published come out again?"""

from __future__ import annotations

from topograph.export.markdown import table
from topograph.study.design import Specification
from topograph.study.design.specification import Published
from topograph.study.report.numbers_in_words import NONE, share
from topograph.study.views import Rows, judged_outcome
from topograph.training.bundle import Spread, spread_of


def published_section(rows: Rows, specification: Specification) -> str:
    """Published accuracies beside the study's own; empty where none are named.

    Parameters
    ----------
    rows : list of dict
        At the fixed rate.
    specification : Specification
    """
    if not specification.published:
        return ""
    written = [_row(one, rows) for one in specification.published]
    titles = ["stratum", "family", "published", "runs", "mean", "95 % prediction", "class missing",
              "the published value is"]  # fmt: skip
    return (
        "## Published values beside ours\n\n"
        "The interval is where one more run is to be expected, by Student's t over all runs of the "
        "cell: of its topologies and seeds together.\n\n" + table(titles, written, text_columns=2)
    )


def _row(one: Published, rows: Rows) -> list[str]:
    mine = [
        row
        for row in rows
        if (row["stratum"], row["family"]) == (one.stratum, one.family)
        and one.variant in ("", row["variant"])
    ]
    if not mine:
        return [one.stratum, one.family, share(one.accuracy, 2), "0", *[NONE] * 3, "not run"]
    spread = spread_of([judged_outcome(row) for row in mine])
    missing = sum(not row["predicts_all"] for row in mine)
    return [
        one.stratum,
        one.family,
        share(one.accuracy, 2),
        f"{len(mine):,}",
        share(spread.mean, 2),
        _interval(spread),
        f"{missing:,}",
        _place(one.accuracy, spread),
    ]


def _interval(spread: Spread) -> str:
    if spread.low is None or spread.high is None:
        return NONE
    return f"{share(max(spread.low, 0.0), 2)} to {share(min(spread.high, 1.0), 2)}"


def _place(accuracy: float, spread: Spread) -> str:
    if spread.low is None or spread.high is None:
        return NONE
    if spread.low <= accuracy <= spread.high:
        return "inside"
    return "below ours" if accuracy < spread.low else "above ours"
