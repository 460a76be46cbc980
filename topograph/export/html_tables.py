"""Tables of a page, whose cells know how they sort."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"^[^\d-]*(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)")
_POWER = re.compile(r"^2\^(\d+)")
_NOTHING = ("", "-", "undefined", "not measured")


@dataclass(frozen=True)
class Column:
    """A column: its title, the term that defines it, and whether it holds words."""

    title: str
    term: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: what is written, how it sorts, what stands beside it, and how it is marked."""

    text: str
    sort: str
    beside: str = ""
    mark: str = ""
    term: str = ""


@dataclass(frozen=True)
class HtmlTable:
    """A table of a page; a sortable one has buttons for titles."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = True


def sort_key(text: str, is_text: bool = False) -> str:
    """Return what a written value sorts by: its first number; nothing where there is none.

    Examples
    --------
    >>> sort_key("≥ 1,024"), sort_key("3..5.1..9"), sort_key("-"), sort_key("yes")
    ('1024', '3', '', 'yes')
    >>> sort_key("2^584 (176 digits)")[:6]
    '1e175'
    """
    if text in _NOTHING:
        return ""
    if is_text:
        return text
    if power := _POWER.match(text):
        digits = re.search(r"\((\d+) digits\)", text)
        return f"1e{int(digits[1]) - 1}" if digits else str(2 ** int(power[1]))
    found = _NUMBER.match(text)
    return found[1].replace(",", "") if found else text


def html_table(
    caption: str,
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    terms: Sequence[str] = (),
    text_columns: Sequence[int] = (),
    sortable: bool = True,
) -> HtmlTable:
    """Return written rows as a table of a page.

    Parameters
    ----------
    caption : str
    titles : sequence of str
    rows : sequence of sequence of str
    terms : sequence of str, optional
        The name of the definition of each column.
    text_columns : sequence of int, optional
        Columns of words.
    sortable : bool, default True
    """
    named = [*terms, *[""] * (len(titles) - len(terms))]
    columns = tuple(
        Column(title, term, place in text_columns)
        for place, (title, term) in enumerate(zip(titles, named, strict=True))
    )
    made = tuple(
        tuple(
            Cell(text, sort_key(text, column.is_text))
            for text, column in zip(row, columns, strict=True)
        )
        for row in rows
    )
    return HtmlTable(caption, columns, made, sortable)
