"""`topograph metrics`: the registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topograph_cli.output import deliver, terminal_color, terminal_width

if TYPE_CHECKING:
    from topograph.metrics import Metric


@click.command()
@click.argument("name", required=False)
@click.option(
    "--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def metrics(name: str | None, style: str) -> None:
    """List the metrics: name, scope, unit, cost and definition; or explain the one named."""
    import inspect

    from topograph.metrics import METRICS, find_metric

    if name is not None:
        found = find_metric(name)
        if style == "json":
            definition = inspect.getdoc(found.function)
            deliver(json.dumps(_row(found) | {"explained": definition}, indent=2) + "\n", None)
            return
        facts = [found.name, f"scope: {found.scope}", f"unit: {found.unit or 'none'}"]
        deliver("\n".join([*facts, f"cost: {found.cost}", ""]) + "\n", None)
        deliver(f"{inspect.getdoc(found.function)}\n", None)
        return
    if style == "json":
        rows = [_row(metric) for metric in METRICS.values()]
        deliver(json.dumps(rows, indent=2) + "\n", None)
        return
    from topograph.export import registry_to_table

    deliver(registry_to_table(width=terminal_width(), color=terminal_color()), None)


def _row(metric: Metric) -> dict[str, str]:
    return {
        "name": metric.name,
        "scope": metric.scope,
        "unit": metric.unit,
        "cost": metric.cost,
        "definition": metric.legend,
    }
