"""A table in plain text, for machines that have no rich."""

from __future__ import annotations

from collections.abc import Sequence


def plain_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: the first column to the left, all others to the right.

    Parameters
    ----------
    titles : sequence of str
    rows : sequence of sequence of str
        As many cells as there are titles.

    Examples
    --------
    >>> print(plain_table(["mask", "runs"], [["a", "10"], ["long", "2"]]), end="")
    mask  runs
    a       10
    long     2
    """
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in [titles, *rows]:
        first, *others = (
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines) + "\n"
