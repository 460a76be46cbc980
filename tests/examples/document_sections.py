"""What stands in the sections of a document in Markdown?"""

from __future__ import annotations

import re


def section(document, title):
    """The lines of tables in a section, by their first words; and its text."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", document, flags=re.M | re.S)
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return lines, text


def line(document, title, *words):
    """What follows some words in the only line of a section's tables that has them."""
    (found,) = [
        cells for cells in section(document, title)[0] if cells[: len(words)] == list(words)
    ]
    return found[len(words) :]
