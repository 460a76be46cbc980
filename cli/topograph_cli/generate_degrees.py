"""`topograph generate degree-sequence`: a net in which every unit has the degree given."""

from __future__ import annotations

from pathlib import Path

import click

from topograph_cli.parameters import save, writes_graph


@click.command(name="degree-sequence")
@click.argument("degrees", metavar="DEGREES.json")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@writes_graph
def degree_sequence(degrees: str, seed: int, output: str) -> None:
    """Generate a random net in which every unit has the degrees that a file gives.

    The file holds a list for each layer, of an entry for each unit: {"fan_out": [[2,1,1],
    [1,1,1]], "fan_in": [[1,2,1],[3]]} is a net of 3-3-1 units. For the degrees of a mask that
    there is, see topograph twin --keep degrees.

    \b
    Example:
      topograph generate degree-sequence degrees.json --seed 1 -o net.npz
    """
    from topograph.errors import ReadError
    from topograph.generators import degree_sequence_net
    from topograph.io.paths import naming, shown
    from topograph.io.strict_json import parse_json

    with naming(shown(degrees)):
        said = parse_json(Path(degrees).read_bytes(), "The file")
        if not _holds_degrees(said):
            raise ReadError(
                'The file must be an object of "fan_out" and "fan_in", each a list of lists of '
                "whole numbers, but it is not.",
                hint='{"fan_out": [[2,1,1]], "fan_in": [[3,1,0]]} is one layer.',
            )
        graph = degree_sequence_net(said["fan_out"], said["fan_in"], seed)
    save(graph, output)


def _holds_degrees(said: object) -> bool:
    return (
        isinstance(said, dict)
        and said.keys() == {"fan_out", "fan_in"}
        and all(
            isinstance(layers, list)
            and all(
                isinstance(fans, list) and fans and all(type(fan) is int for fan in fans)
                for fans in layers
            )
            for layers in said.values()
        )
    )
