"""`topograph suggest`: which RadiX-Nets come near wanted widths and density."""

from __future__ import annotations

import dataclasses
import json

import click

from topograph_cli.output import deliver
from topograph_cli.parameters import Integers


@click.command()
@click.option(
    "--widths", type=Integers(), required=True, metavar="W0,W1,...", help="Units of each level."
)
@click.option("--density", type=float, required=True, metavar="D", help="Of every layer.")
@click.option("--count", type=int, default=5, show_default=True, metavar="N")
@click.option(
    "--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def suggest(widths: tuple[int, ...], density: float, count: int, style: str) -> None:
    """Suggest RadiX-Nets near wanted widths and density, best first.

    Each comes with what it trades: units beyond the widths asked for, the density reached,
    whether it stays symmetric when they are dropped, and the command that makes it.

    \b
    Example:
      topograph suggest --widths 784,300,100 --density 0.1
    """
    from topograph.radix import suggest_radix

    found = suggest_radix(widths, density, count)
    if style == "json":
        deliver(json.dumps([dataclasses.asdict(one) for one in found], indent=2) + "\n", None)
        return
    for place, one in enumerate(found, start=1):
        systems = json.dumps(one.systems, separators=(",", ":"))
        dense = ",".join(map(str, one.dense_widths))
        reached = "-".join(map(str, one.widths))
        kept = "stays symmetric" if one.is_symmetric_fitted else "loses its symmetry"
        surplus = ",".join(map(str, one.surplus))
        kept_widths = (
            width - max(more, 0) for width, more in zip(one.widths, one.surplus, strict=True)
        )
        fit = ",".join(map(str, kept_widths))
        fitted = f" --fit {fit}" if max(one.surplus) > 0 else ""
        worse = "" if one.is_efficient else " (another is as near in both and nearer in one)"
        click.echo(
            f"{place}. {reached}, density {one.density:.6g}, smallest output fan-in "
            f"{one.output_fan_in_min}{worse}"
        )
        if any(one.surplus):
            click.echo(f"   surplus {surplus}; dropped, density {one.density_fitted:.6g}, {kept}")
        click.echo(
            f'   topograph generate radix --systems "{systems}" --dense-widths {dense}{fitted} '
            f"-o net.npz"
        )
