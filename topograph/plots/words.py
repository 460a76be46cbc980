"""How do words fit a width?"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

SMALL = 7.0  # points
_POINTS = 72.0  # an inch
_DRAWN_AT = 100.0  # a size at which advances are read
_SPARE = 1.03  # screens round the width of letters


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line in inches."""
    return sum(_advance(letter, bold) for letter in text) * size * _SPARE / _POINTS


@functools.lru_cache(maxsize=4096)
def _advance(letter: str, bold: bool) -> float:
    """Return how far a letter goes, in sizes of the font."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(weight="bold" if bold else "normal")))
    font.set_size(_DRAWN_AT, _POINTS)
    glyph = font.load_glyph(font.get_char_index(ord(letter)))  # a box where the font has none
    return float(glyph.linearHoriAdvance) / 65536 / _DRAWN_AT


def text_height(lines: int, size: float) -> float:
    """Return the height in inches that so many lines take."""
    return lines * size * 1.4 / _POINTS


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines of at most a width in inches.

    A word that is wider is broken behind a mark between its parts, or anywhere if it has none.

    Examples
    --------
    >>> wrapped("one two three", 0.6, 9.0)
    ['one two', 'three']
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _broken(word, width, size, bold)
        lines += full
    return [*lines, line] if line else lines


def fitted(text: str, width: float, size: float, most: int = 1, *, bold: bool = False) -> str:
    """Return a text in at most so many lines; if it is longer, its middle is left out.

    Examples
    --------
    >>> fitted("encoder.layer.0.weight", 1.0, 9.0)
    'encode…eight'
    """
    lines = wrapped(text, width, size, bold=bold)
    if len(lines) <= most:
        return "\n".join(lines)
    whole = " ".join(text.split())
    fewest, greatest = 0, len(whole) - 1
    while fewest < greatest:
        kept = -(-(fewest + greatest) // 2)
        if len(wrapped(_shortened(whole, kept), width, size, bold=bold)) <= most:
            fewest = kept
        else:
            greatest = kept - 1
    return "\n".join(wrapped(_shortened(whole, fewest), width, size, bold=bold))


def paragraphs(texts: Sequence[str], width: float, size: float) -> list[str]:
    """Return the lines of several texts, each of which begins a line."""
    return [line for text in texts for line in wrapped(text, width, size)]


def plain(text: str) -> str:
    """Return a text in which nothing is taken for a formula."""
    return text.replace("$", r"\$")


def _shortened(text: str, kept: int) -> str:
    head = text[: -(-kept // 2)].rstrip()
    return f"{head}…{text[len(text) - kept // 2 :].lstrip()}"


def _broken(word: str, width: float, size: float, bold: bool) -> list[str]:
    lines: list[str] = []
    line = ""
    pieces = re.findall(r"[^/\\_.,:=-]*[/\\_.,:=-]+|[^/\\_.,:=-]+", word)
    for piece in pieces:
        parts = [piece] if text_width(piece, size, bold=bold) <= width else list(piece)
        for part in parts:
            if line and text_width(line + part, size, bold=bold) > width:
                lines.append(line)
                line = ""
            line += part
    return [*lines, line]
