"""What a figure shows, as plain records that anything can draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Row: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["histogram", "heat", "lines", "bars"]


@dataclass(frozen=True)
class Panel:
    """One pair of axes of a figure.

    Parameters
    ----------
    kind : {"histogram", "heat", "lines", "bars"}
        What the rows are:

        - of a histogram ``{low, high, count}``, bins with ``low`` included and ``high`` not;
          ``low`` is None for what has no value;
        - of a heat map ``{x_low, x_high, y_low, y_high, value}``; ``x_low`` is None for what
          has no value, ``value`` None where there is nothing;
        - of lines ``{x, y, series}``, with ``low, high`` where there is a band, and ``name``
          where the point has one;
        - of bars ``{label, value, text}``; ``value`` is None where there is none.
    title : str
    x, y : str
        Titles of the axes.
    rows : tuple of dict
    curve : tuple of dict, optional
        What theory expects beside a histogram, ``{x, y, series}``.
    rules : tuple of dict, optional
        Values of interest on the x axis, ``{x, name}``.
    value : str, optional
        What the colours of a heat map, or the numbers of bars, mean.
    is_ratio : bool, default False
        Whether the values of a heat map are ratios, of which 1 is neutral.
    integers : bool, default False
        Whether the bins of a histogram hold integers.
    log_y : bool, default False
        Whether the y axis is logarithmic.
    nothing : str, optional
        What a row without value means.
    """

    kind: Kind
    title: str
    x: str
    y: str
    rows: tuple[Row, ...]
    curve: tuple[Row, ...] = ()
    rules: tuple[Row, ...] = ()
    value: str = ""
    is_ratio: bool = False
    integers: bool = False
    log_y: bool = False
    nothing: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the panel as JSON-ready mappings and lists."""
        return {
            "kind": self.kind,
            "title": self.title,
            "x": self.x,
            "y": self.y,
            "rows": [dict(row) for row in self.rows],
            "curve": [dict(row) for row in self.curve],
            "rules": [dict(row) for row in self.rules],
            "value": self.value,
        }


@dataclass(frozen=True)
class Figure:
    """A figure of a report: its words and its panels.

    Parameters
    ----------
    name : str
        Of files and anchors.
    title : str
    caption : str
        How to read it.
    panels : tuple of Panel
        Empty where there is nothing to draw.
    summary : str
        What is seen, in a sentence that stands in for the picture.
    notes : tuple of str
        How it was binned or sampled, and what has no panel.
    key : tuple of (str, str), optional
        The short names of several nets that the panels use, and the source of each.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...] = ()
    summary: str = ""
    notes: tuple[str, ...] = ()
    key: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as JSON-ready mappings and lists."""
        return {
            "name": self.name,
            "title": self.title,
            "caption": self.caption,
            "summary": self.summary,
            "notes": list(self.notes),
            "key": dict(self.key),
            "panels": [panel.as_dict() for panel in self.panels],
        }
