"""`topograph metrics`: the registry."""

from __future__ import annotations

import json

import click

from topograph_cli.output import deliver, terminal_color, terminal_width


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
        facts = [found.name, f"scope: {found.scope}", f"unit: {found.unit or 'none'}"]
        deliver("\n".join([*facts, f"cost: {found.cost}", ""]) + "\n", None)
        deliver(f"{inspect.getdoc(found.function)}\n", None)
        return
    if style == "json":
        rows = [
            {
                "name": metric.name,
                "scope": metric.scope,
                "unit": metric.unit,
                "cost": metric.cost,
                "definition": metric.legend,
            }
            for metric in METRICS.values()
        ]
        deliver(json.dumps(rows, indent=2) + "\n", None)
        return
    from topograph.export import registry_to_table

    deliver(registry_to_table(width=terminal_width(), color=terminal_color()), None)
