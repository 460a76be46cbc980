"""Draw what pages of the site show, as part of building it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import topograph
from topograph.export import comparison_to_html, mask_titles
from topograph.generators import (
    degree_preserving_twin,
    density_preserving_twin,
    family_net,
    radix_net,
)
from topograph.graph import LayeredGraph
from topograph.plots import comparison_figures, draw_net, save_drawing, write_figures
from topograph.report import Comparison
from topograph.toy import broken_bridge

FOLDER = "drawn"
EXAMPLES = Path(__file__).parents[1] / "examples"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pictures to the files of the site."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_pictures(place)
        for path in sorted(found for found in place.rglob("*") if found.is_file()):
            name = path.relative_to(place).as_posix()
            files.append(File.generated(config, f"{FOLDER}/{name}", content=path.read_bytes()))
    return files


def write_pictures(place: Path) -> None:
    """Write a small net, and two comparisons."""
    bridge = broken_bridge()
    save_drawing(draw_net(bridge, topograph.verify(bridge)), place / "broken-bridge.svg")
    radix = radix_net([[10, 10]], [1, 1, 1])
    twins = {
        "RadiX-Net": radix,
        "a random net of the same degrees": degree_preserving_twin(radix, seed=0),
        "a random net of the same density": density_preserving_twin(radix, seed=0),
    }
    write_comparison(twins, place, mask_titles)
    write_comparison(nets_of_one_density(), place / "density-05", _sources)


def nets_of_one_density() -> dict[str, LayeredGraph]:
    """Return nets for MNIST with a twentieth of the edges: families, and methods of pruning."""
    pruned = {"iterative": "iterative", "SNIP": "snip", "SynFlow": "synflow"}
    return {
        "RadiX": radix_net([[5, 5, 4]], [8, 3, 1, 1]),
        "random": family_net("uniform", (784, 300, 100, 10), 0.05, seed=0),
        **{
            name: topograph.read(EXAMPLES / f"lenet-300-100-{method}-0.95.npz")
            for name, method in pruned.items()
        },
    }


def write_comparison(
    nets: Mapping[str, LayeredGraph], place: Path, names: Callable[[Comparison], list[str]]
) -> None:
    """Write a comparison as a page, and its figures, in which nets have the names given."""
    comparison = topograph.compare(
        [topograph.analyze(net, source=name) for name, net in nets.items()]
    )
    titles = mask_titles(comparison)
    figures = comparison_figures(comparison, dict(zip(titles, nets.values(), strict=True)))
    named = dict(zip(names(comparison), nets.values(), strict=True))
    write_figures(comparison_figures(comparison, named), place, "svg")
    page = comparison_to_html(comparison, figures)
    (place / "comparison.html").write_text(page, encoding="utf-8")


def _sources(comparison: Comparison) -> list[str]:
    return [report.source for report in comparison.reports]
