"""How the reference shows parameters of a few values, ``{"in-out", "out-in"}`` in docstrings.

The reader of numpydoc takes the first of the values for the default, which it need not be. Written
as ``"in-out" | "out-in"`` they are a type, and the default is that of the signature.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_CHOICES = re.compile(r"^( *[\w, ]+ : )\{(.+?)\}", flags=re.MULTILINE)


class Choices(griffe.Extension):
    """Rewrite the choices in all docstrings."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite those of one object."""
        if obj.docstring is not None:
            obj.docstring.value = _CHOICES.sub(
                lambda found: found[1] + found[2].replace(", ", " | "), obj.docstring.value
            )
