"""The sections of a page in Markdown, and the words, tables and pictures in them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from topograph.errors import MissingExtraError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A report has none of these; in the names of families and studies they are mere characters.
_NOT_MARKUP = (
    "html_block", "html_inline", "autolink", "link", "reference", "code", "fence", "blockquote",
    "hr", "lheading",
)  # fmt: skip
_SNAKE = re.compile(r"(?<![\w.])-?[a-z][a-z0-9]*(?:[._][a-z0-9]+)*_[a-z0-9_.]*[a-z0-9]")
_BREAKS = ("softbreak", "hardbreak")
Defined = Callable[[str], str]


@dataclass(frozen=True)
class Words:
    """A heading, a paragraph or a list, as HTML."""

    html: str
    kind: str = "words"


@dataclass(frozen=True)
class WrittenTable:
    """A table as it is written, and the headings it stands below, but for the page's title."""

    headings: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[int, ...]
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """A picture: its file as the page links it, what is said in its place, its caption as HTML."""

    file: str
    alt: str
    caption: str
    kind: str = "picture"


@dataclass(frozen=True)
class Section:
    """A heading and what follows it."""

    title: str
    parts: list[Words | WrittenTable | Picture] = field(default_factory=list)


def page_sections(text: str, pictures: Collection[str], defined: Defined) -> list[Section]:
    """Return the page's own heading with what follows it, then its sections.

    Raw HTML and links are text. One heading is of the first level, and none skips a level.

    Parameters
    ----------
    text : str
        Markdown.
    pictures : collection of str
        Files that may be shown, as the page links them.
    defined : callable
        Returns the name under which a word is defined, or nothing.

    Raises
    ------
    MissingExtraError
        If markdown-it-py is not installed.
    """
    parser = _parser()
    blocks = deque(_blocks(parser.parse(text)))
    sections: list[Section] = []
    headings: list[str] = []
    while blocks:
        tokens = blocks.popleft()
        first = tokens[0]
        if first.type == "heading_open":
            level = min(max(int(first.tag[1:]), 2), len(headings) + 1)
            headings[level - 1 :] = [_plain(tokens[1])]
            if level < 3:
                sections.append(Section(headings[-1]))
                continue
            first.tag = tokens[-1].tag = f"h{level}"
        if not sections:
            sections.append(Section(""))
        parts = sections[-1].parts
        image = _image(tokens, pictures)
        if first.type == "table_open":
            parts.append(_table(tokens, tuple(headings[1:])))
        elif image is not None:
            caption = _html(parser, [blocks.popleft()[1]], defined) if _caption(blocks) else ""
            parts.append(Picture(str(image.attrs["src"]), _plain(image), caption))
        else:
            parts.append(Words(_html(parser, tokens, defined)))
    return sections


def _parser() -> MarkdownIt:
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MissingExtraError.of("markdown-it-py", "pictures") from error
    from markdown_it.common.utils import escapeHtml

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_NOT_MARKUP)

    def term(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
        name, word = escapeHtml(tokens[at].info), escapeHtml(tokens[at].content)
        return f'<span class="term" tabindex="0" aria-describedby="def-{name}">{word}</span>'

    parser.add_render_rule("term", term)
    return parser


def _blocks(tokens: Sequence[Token]) -> list[list[Token]]:
    """Part the tokens where nothing is open."""
    blocks: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


def _html(parser: MarkdownIt, tokens: list[Token], defined: Defined) -> str:
    for token in tokens:
        if token.type == "inline":
            token.children = _with_terms(token.children or [], defined)
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


def _with_terms(children: Sequence[Token], defined: Defined) -> list[Token]:
    """Mark words that are defined: alone in bold or as code, or not to be taken for others."""
    found: list[Token] = []
    for at, token in enumerate(children):
        if token.type == "image":
            found.append(_token("text", _plain(token)))
        elif token.type not in ("text", "code_inline"):
            found.append(token)
        elif name := _alone(children, at) and defined(token.content):
            found.append(_token("term", token.content, name))
        elif token.type == "code_inline":
            found.append(token)
        else:
            end = 0
            for match in _SNAKE.finditer(token.content):
                if name := defined(match[0]):
                    found.append(_token("text", token.content[end : match.start()]))
                    found.append(_token("term", match[0], name))
                    end = match.end()
            found.append(_token("text", token.content[end:]))
    return found


def _alone(children: Sequence[Token], at: int) -> bool:
    if children[at].type == "code_inline":
        return True
    around = [token.type for token in children[max(0, at - 1) : at + 2]]
    return around == ["strong_open", "text", "strong_close"]


def _token(kind: str, content: str, info: str = "") -> Token:
    from markdown_it.token import Token

    return Token(kind, "", 0, content=content, info=info)


def _image(tokens: Sequence[Token], pictures: Collection[str]) -> Token | None:
    """Return the picture that is all there is in a paragraph."""
    if tokens[0].type != "paragraph_open":
        return None
    inside = tokens[1].children or []
    is_shown = len(inside) == 1 and inside[0].type == "image" and inside[0].attrs["src"] in pictures
    return inside[0] if is_shown else None


def _caption(blocks: Sequence[Sequence[Token]]) -> bool:
    """Whether a paragraph in italics comes next."""
    if not blocks or blocks[0][0].type != "paragraph_open":
        return False
    kinds = [token.type for token in blocks[0][1].children or []]
    return kinds[0] == "em_open" and kinds.index("em_close") == len(kinds) - 1


def _table(tokens: Sequence[Token], headings: tuple[str, ...]) -> WrittenTable:
    rows: list[list[str]] = []
    left = []
    for token, inside in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            if token.type == "th_open" and "right" not in str(token.attrs.get("style")):
                left.append(len(rows[-1]))
            rows[-1].append(_plain(inside))
    titles, *body = map(tuple, rows)
    return WrittenTable(headings, titles, tuple(body), tuple(left))


def _plain(token: Token) -> str:
    """Return the words of a token without their markup."""
    return "".join(
        _plain(part) if part.children else " " if part.type in _BREAKS else part.content
        for part in token.children or []
    )
