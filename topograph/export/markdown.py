"""Tables, lists and names in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1) -> str:
    """Return a Markdown table whose first columns are text and whose others are numbers.

    Parameters
    ----------
    titles : sequence of str
    rows : sequence of sequence of str
        Cells; what looks like markup in them is escaped.
    text_columns : int, default 1
        Columns set flush left; those behind are set flush right.

    Examples
    --------
    >>> print(table(["family", "nets"], [["k_out", "12"]]))
    | family | nets |
    | --- | ---: |
    | k_out | 12 |
    """
    marks = ["---" if at < text_columns else "---:" for at in range(len(titles))]
    return "\n".join(
        [_line(map(escaped, titles)), _line(marks), *(_line(map(escaped, row)) for row in rows)]
    )


def bullets(lines: Sequence[str]) -> str:
    r"""Return a Markdown list; the lines may hold markup.

    What follows a line break is a point below.

    Examples
    --------
    >>> print(bullets(["**reach** holds\nin all data sets", "nothing else"]))
    - **reach** holds
      - in all data sets
    - nothing else
    """
    found = []
    for line in lines:
        first, *below = (" ".join(part.split()) for part in line.splitlines() or [""])
        found += [f"- {first}", *(f"  - {part}" for part in below)]
    return "\n".join(found)


def escaped(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(escaped("a|b <c> k_out *"))
    a\|b &lt;c&gt; k_out \*
    """
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*|\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def _line(cells: Sequence[str] | map[str]) -> str:
    return "| " + " | ".join(cells) + " |"
