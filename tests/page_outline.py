"""What a page of HTML holds, for tests of pages."""

from __future__ import annotations

import html.parser
import re

VOID = {"meta", "link", "br", "input", "hr", "img", "wbr"}


class Outline(html.parser.HTMLParser):
    """Headings, tags that were never closed, ids, addresses, tables and their buttons."""

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.ids, self.asked, self.named = [], [], [], [], []
        self.regions, self.pictures, self.scripts, self.text = [], [], 0, []
        self.rows, self.buttons, self.sorts = 0, 0, []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if "id" in named:
            self.ids.append(named["id"])
        if named.get("role") == "region":
            self.regions.append(named["aria-label"])
        if tag == "img":
            self.pictures.append(named)
        self.asked += [named[key] for key in ("src", "href") if key in named]
        for key in ("aria-describedby", "aria-labelledby"):
            self.named += named.get(key, "").split()
        self.scripts += tag == "script"
        self.buttons += tag == "button"
        if "data-sort" in named:
            self.sorts.append(named["data-sort"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def outlined(page):
    outline = Outline()
    outline.feed(page)
    outline.close()
    return outline
