"""`topograph generate`: masks of a family, written with their provenance."""

from __future__ import annotations

import click

from topograph_cli.generate_degrees import degree_sequence
from topograph_cli.generate_radix import graphchallenge, radix


class FamilyGroup(click.Group):
    """Commands of its own, and one for each registered family, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the own commands, then the families."""
        from topograph.generators import FAMILIES

        return [*super().list_commands(ctx), *FAMILIES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return an own command, or that of a family."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from topograph.generators import FAMILIES
        from topograph_cli.generate_family import family_command

        return family_command(FAMILIES[cmd_name]) if cmd_name in FAMILIES else None


@click.group(cls=FamilyGroup)
def generate() -> None:
    """Generate a net of a family and write it as an archive."""


for _command in (radix, graphchallenge, degree_sequence):
    generate.add_command(_command)
