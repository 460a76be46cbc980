"""Tables in HTML for notebooks: plain, escaped, in the colours of the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_ROWS = 120  # shown of a long table


def notebook_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    text_columns: int = 1,
) -> str:
    """Return an HTML table; everything in it is shown as text.

    Parameters
    ----------
    titles : sequence of str
    rows : sequence of sequence of str
        The middle of more than 120 is left out, and the table says so.
    caption : str, optional
        Above the table.
    text_columns : int, default 1
        Columns set flush left; those behind are set flush right.

    Examples
    --------
    >>> "&lt;b&gt;</td>" in notebook_table(["layer"], [["<b>"]])
    True
    """
    shown = list(rows)
    if len(shown) > _ROWS:
        half = _ROWS // 2
        gap = [f"... {len(shown) - 2 * half} more ...", *[""] * (len(titles) - 1)]
        shown = [*shown[:half], gap, *shown[-half:]]
    parts = ["<table>"]
    if caption:
        parts.append(
            f'<caption style="caption-side:top;text-align:left">{escape(caption)}</caption>'
        )
    parts.append(f"<thead>{_line('th', titles, text_columns)}</thead>\n<tbody>\n")
    parts += [_line("td", row, text_columns) + "\n" for row in shown]
    return "".join([*parts, "</tbody></table>"])


def _line(tag: str, cells: Sequence[str], text_columns: int) -> str:
    sides = ["left" if at < text_columns else "right" for at in range(len(cells))]
    return (
        "<tr>"
        + "".join(
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        + "</tr>"
    )
