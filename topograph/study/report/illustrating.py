"""Put a figure into a report, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topograph.errors import Undefined
from topograph.export.markdown import escaped
from topograph.study.report.figures import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = "figures"


@dataclass
class Illustrations:
    """Figures of one report, drawn and written as they are asked for.

    Parameters
    ----------
    folder : Path
        Of the report; figures are in a folder inside.
    written : list of Path
    """

    folder: Path
    written: list[Path] = field(default_factory=list)

    def add(
        self, title: str, caption: str, draw: Callable[..., Figure], *found: Any, **options: Any
    ) -> str:
        """Draw and write a figure, and return the Markdown that shows it.

        Where there is nothing to draw, the Markdown says why.

        Parameters
        ----------
        title : str
            Of the figure, and of its file where what no file should be called is replaced.
        caption : str
        draw : callable
            Makes the figure from what follows, or raises Undefined.
        """
        try:
            figure = draw(*found, **options)
        except Undefined as reason:
            return f"No figure: {escaped(reason.message)}."
        place = self.folder / FIGURES / re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        place.parent.mkdir(parents=True, exist_ok=True)
        vector, pixels = save_figure(figure, place)
        self.written += [vector, pixels]
        return f"![{escaped(title)}]({FIGURES}/{vector.name})\n\n*{escaped(caption)}*"
