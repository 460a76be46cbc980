"""Draw what docs/pictures.md shows, as part of building the site."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import topograph
from topograph.export import comparison_to_html, mask_titles
from topograph.generators import (
    degree_preserving_twin,
    density_preserving_twin,
    radix_net,
)
from topograph.plots import comparison_figures, draw_net, save_drawing, write_figures
from topograph.toy import broken_bridge

FOLDER = "drawn"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pictures to the files of the site."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_pictures(place)
        for path in sorted(place.iterdir()):
            files.append(File.generated(config, f"{FOLDER}/{path.name}", content=path.read_bytes()))
    return files


def write_pictures(place: Path) -> None:
    """Write a small net, and the comparison of a RadiX-Net with two random ones."""
    bridge = broken_bridge()
    save_drawing(draw_net(bridge, topograph.verify(bridge)), place / "broken-bridge.svg")
    radix = radix_net([[10, 10]], [1, 1, 1])
    nets = {
        "RadiX-Net": radix,
        "a random net of the same degrees": degree_preserving_twin(radix, seed=0),
        "a random net of the same density": density_preserving_twin(radix, seed=0),
    }
    comparison = topograph.compare(
        [topograph.analyze(net, source=name) for name, net in nets.items()]
    )
    named = dict(zip(mask_titles(comparison), nets.values(), strict=True))
    figures = comparison_figures(comparison, named)
    write_figures(figures, place, "svg")
    page = comparison_to_html(comparison, figures)
    (place / "comparison.html").write_text(page, encoding="utf-8")
