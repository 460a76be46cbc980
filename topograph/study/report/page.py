"""The report of a study as one page for the browser."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from topograph.export.html_page import definitions, render_page
from topograph.export.html_tables import HtmlTable, html_table
from topograph.metrics import METRICS
from topograph.study.report.building import WrittenReport
from topograph.study.report.page_parts import Picture, Section, Words, WrittenTable, page_sections
from topograph.weighted import WEIGHTED_METRICS

_AROUND = re.compile(r"^-|\.(mean|min|max)$")
_VALUE = re.compile(r"^(-|none|undefined|[≥≤<>=~]? ?[+-]?\.?\d.*)?$")
_LENGTH = re.compile(r' (?:width|height)="([\d.]+)pt"')
_SHORT = 26  # letters of a cell that stay on one line
_PIXELS_OF_POINT = 4 / 3


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture as an address that holds it, what is said in its place, its caption as HTML."""

    address: str
    width: int
    height: int
    alt: str
    caption: str
    kind: str = "picture"


@dataclass(frozen=True)
class EmbeddedTable:
    """A table of the page."""

    table: HtmlTable
    kind: str = "table"


@dataclass(frozen=True)
class ShownSection:
    """A section: its address within the page, its heading, and what follows."""

    anchor: str
    title: str
    parts: tuple[Words | EmbeddedTable | EmbeddedPicture, ...]


def report_to_html(written: WrittenReport) -> str:
    """Return the report of a study as one HTML page that needs nothing else.

    It says what the page in Markdown says. The figures are inside, the tables sort, and names of
    metrics have their definition. The same report gives the same bytes.

    Parameters
    ----------
    written : WrittenReport
        Of `write_report`.

    Raises
    ------
    MissingExtraError
        If the extra ``pictures`` is not installed.
    """
    folder = written.page.parent
    files = {
        path.relative_to(folder).as_posix(): path
        for path in written.figures
        if path.suffix == ".svg"
    }
    used: set[str] = set()

    def defined(word: str) -> str:
        name = _metric(word)
        used.add(name)
        return name

    text = written.page.read_text(encoding="utf-8")
    about, *sections = _shown(page_sections(text, files.keys(), defined), files, defined)
    glossary = definitions(used - {""})
    named = [(one.anchor, one.title) for one in sections]
    return render_page(
        "study.html.j2",
        title=about.title,
        sections=[*named, ("definitions", "Definitions")] if glossary else named,
        about=about.parts,
        study_sections=sections,
        glossary=glossary,
    )


def _metric(word: str) -> str:
    """Return the metric that a word names, as it is or over the layers or reversed, or nothing."""
    name = _AROUND.sub("", word)
    return name if name in METRICS or name in WEIGHTED_METRICS else ""


def _shown(
    sections: Sequence[Section], files: dict[str, Path], defined: Callable[[str], str]
) -> Iterator[ShownSection]:
    tables = [part for one in sections for part in one.parts if isinstance(part, WrittenTable)]
    captions = iter(_captions(tables))
    anchors = _numbered([_anchor(one.title) for one in sections], "{}-{}")
    for one, anchor in zip(sections, anchors, strict=True):
        parts: list[Words | EmbeddedTable | EmbeddedPicture] = []
        for part in one.parts:
            if isinstance(part, WrittenTable):
                parts.append(EmbeddedTable(_sortable(part, next(captions), defined)))
            elif isinstance(part, Picture):
                parts.append(_embedded(part, files[part.file]))
            else:
                parts.append(part)
        yield ShownSection(anchor, one.title, tuple(parts))


def _embedded(picture: Picture, path: Path) -> EmbeddedPicture:
    content = path.read_bytes()
    width, height = (
        round(float(points) * _PIXELS_OF_POINT)
        for points in _LENGTH.findall(content[:2000].decode("utf-8", "replace"))[:2]
    )
    address = f"data:image/svg+xml;base64,{base64.b64encode(content).decode('ascii')}"
    return EmbeddedPicture(address, width, height, picture.alt, picture.caption)


def _sortable(table: WrittenTable, caption: str, defined: Callable[[str], str]) -> HtmlTable:
    text_columns = [
        place
        for place in range(len(table.titles))
        if place in table.left or not all(_VALUE.match(row[place]) for row in table.rows)
    ]
    terms = [defined(title) for title in table.titles]
    made = html_table(caption, table.titles, table.rows, terms=terms, text_columns=text_columns)
    rows = tuple(
        tuple(
            replace(cell, term=defined(cell.text), mark="long" * (len(cell.text) > _SHORT))
            for cell in row
        )
        for row in made.rows
    )
    return replace(made, rows=rows)


def _captions(tables: Sequence[WrittenTable]) -> list[str]:
    """Call each table after its heading, and after the section's where that does not tell."""
    nearest = Counter(one.headings[-1:] for one in tables)
    return _numbered(
        [
            ": ".join(one.headings[-1:] + one.headings[:1])
            if nearest[one.headings[-1:]] > 1 and len(one.headings) > 1
            else "".join(one.headings[-1:]) or "Table"
            for one in tables
        ],
        "{} ({})",
    )


def _anchor(title: str) -> str:
    return "section-" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "more")


def _numbered(names: Iterable[str], pattern: str) -> list[str]:
    """Add a number to what was there before."""
    found: list[str] = []
    for name in names:
        number, free = 1, name
        while free in found:
            number += 1
            free = pattern.format(name, number)
        found.append(free)
    return found
