"""A page that is whole in itself: words, pictures and what draws them in one file."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from topograph import weighted
from topograph.errors import MissingExtraError
from topograph.metrics import METRICS
from topograph.plots import Figure, Panel
from topograph.plots.vega_specs import figure_specs, panel_description
from topograph.version import __version__
from topograph.weighted import WEIGHTED_METRICS

VEGA_LITE = "6.1"
_SNIPPET = "window.vegaEmbed = vegaEmbed;"
PROPERTIES = {
    "connected": "Every input reaches every output by at least one path.",
    "symmetric": "The same positive number of paths joins every input to every output.",
    "regular": "In each layer all units have the same fan-in, and all the same fan-out.",
    "radix": "The net is a RadiX-Net: made of mixed-radix systems, whose edges follow a rule.",
}


def render_page(template: str, figures: Iterable[Figure] = (), **content: Any) -> str:
    """Return a page of one of the templates of this package, with its figures inside.

    Parameters
    ----------
    template : str
        Name of the file in ``topograph/export/templates``.
    figures : iterable of Figure
        Drawn in the browser, which needs no network.
    **content
        What the template asks for; all of it is escaped.

    Raises
    ------
    MissingExtraError
        If jinja2 or vl-convert-python is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError.of("jinja2", "pictures") from error
    from markupsafe import Markup

    shown = tuple(figures)
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.PackageLoader("topograph.export", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = any(figure.panels for figure in shown)
    return environment.get_template(template).render(
        version=__version__,
        style=Markup(_part("page.css")),  # noqa: S704  files of this package
        script=Markup(_part("page.js")),  # noqa: S704
        library=Markup(vega_library() if drawn else ""),  # noqa: S704
        description=panel_description,
        figures={figure.name: _embedded(figure) for figure in shown if figure.panels},
        figures_shown=shown,
        **content,
    )


def definitions(names: Iterable[str]) -> dict[str, str]:
    """Return the definition of each name that is a metric or a property, in order of names."""
    known = {**{name: metric.legend for name, metric in METRICS.items()}, **PROPERTIES}
    for name in WEIGHTED_METRICS:
        known[name] = (inspect.getdoc(getattr(weighted, name, weighted.path_norm)) or "").partition(
            "\n"
        )[0]
    return {name: known[name] for name in sorted(set(names)) if name in known}


@functools.cache
def vega_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, from the package vl-convert-python."""
    try:
        import vl_convert
    except ImportError as error:
        raise MissingExtraError.of("vl-convert-python", "pictures") from error
    bundle = str(vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE))
    return bundle.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _part(name: str) -> str:
    return (resources.files("topograph.export") / "templates" / name).read_text(encoding="utf-8")


def _embedded(figure: Figure) -> Mapping[str, Any]:
    specs = zip(figure.panels, figure_specs(figure), strict=True)
    return {"panels": [{"spec": spec, **_numbers(panel)} for panel, spec in specs]}


def _numbers(panel: Panel) -> dict[str, Any]:
    """Return the title of a panel and its numbers as a table, with what they sort by."""
    value = panel.value or "value"
    columns = {
        "histogram": [("from", "low"), ("below", "high"), (panel.y, "count")],
        "heat": [
            (f"{panel.x} from", "x_low"),
            ("below", "x_high"),
            (f"{panel.y} from", "y_low"),
            ("below", "y_high"),
            (value, "value"),
        ],
        "lines": [("what", "series"), (panel.x, "x"), (panel.y, "y")],
        "bars": [("mask", "label"), (value, "text")],
    }[panel.kind]
    if any("name" in row for row in panel.rows):
        columns.insert(1, ("name", "name"))
    rows = [[_short(row.get(key)) for _, key in columns] for row in panel.rows]
    if panel.kind == "histogram":
        rows += [[row["name"], "", _short(row["x"])] for row in panel.rules]
    made = {"title": panel.title, "columns": columns, "rows": rows}
    if panel.kind == "bars":
        by = [{**row, "text": row["value"]} for row in panel.rows]
        made["sorts"] = [[_short(row.get(key)) for _, key in columns] for row in by]
    return made


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
