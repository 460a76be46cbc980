"""`topograph check`: do weights respect a mask?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topograph_cli.output import deliver
from topograph_cli.parameters import FiniteRange
from topograph_cli.plain_table import plain_table
from topograph_cli.reporting import chosen_format, format_option
from topograph_cli.targets import check_targets

if TYPE_CHECKING:
    from topograph.checking import MaskCheck, ParameterCheck
    from topograph.io import Orientation

VIOLATED = 4


@click.command()
@click.argument("weights", metavar="WEIGHTS", type=click.Path())
@click.option(
    "--mask",
    metavar="MASK",
    type=click.Path(),
    help="The mask, in any format; by default the masks that lie beside the weights.",
)
@click.option(
    "--orientation",
    type=click.Choice(["in-out", "out-in"]),
    help="Whether rows of the mask are inputs or outputs. By default as its format says, else as "
    "the shapes of the weights do.",
)
@click.option(
    "--threshold",
    type=FiniteRange(min=0),
    default=0.0,
    metavar="T",
    help="Take weights with |w| <= T as zero; by default only 0 itself.",
)
@format_option("table", "json")
@click.option("-o", "--output", metavar="FILE", help="Write the answer to a file.")
@click.pass_context
def check(
    context: click.Context,
    weights: str,
    mask: str | None,
    orientation: Orientation | None,
    threshold: float,
    style: str | None,
    output: str | None,
) -> None:
    """Check that weights respect a mask: nothing outside it regrew.

    WEIGHTS and MASK are state dicts (.pt, .safetensors, shards), archives of topograph or arrays
    by name; layers are matched by name, kernels of convolutions entry by entry. The exit code
    is 0 if no weight lies outside the mask, and 4 if one does or a mask has no weights. Kept
    weights that are zero are counted but allowed. Indices count from 0, outputs first.

    \b
    Examples:
      topograph check trained.pt --mask mask.npz
      topograph check pruned.safetensors --mask mask.pth --format json
      topograph check model-with-mask-buffers.pt
    """
    from topograph.checking import check_mask
    from topograph.io import read_named_masks

    check_targets([weights, *([] if mask is None else [mask])], output=output)
    style = chosen_format(style, output, ("table", "json"))
    named = read_named_masks(weights)
    given = read_named_masks(mask, orientation) if mask is not None else None
    found = check_mask(named, given, threshold)
    deliver(_json(found, weights, mask) if style == "json" else _table(found), output)
    for note in found.notes:
        click.echo(f"Note: {note}", err=True)
    if not found.is_respected:
        context.exit(VIOLATED)


def _json(found: MaskCheck, weights: str, mask: str | None) -> str:
    answer = {
        "schema_version": 1,
        "weights": weights,
        "mask": mask,
        "respected": found.is_respected,
        "parameters": [one.row() for one in found.parameters],
        "without_mask": list(found.without_mask),
        "without_weights": list(found.without_weights),
        "notes": list(found.notes),
    }
    return json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _table(found: MaskCheck) -> str:
    titles = ("parameter", "shape", "kept", "outside the mask", "kept but zero")
    rows = [
        (
            one.parameter,
            " x ".join(map(str, one.shape)),
            f"{one.n_kept:,}",
            f"{one.n_outside:,}",
            f"{one.n_zero:,}",
        )
        for one in found.parameters
    ]
    lines = [plain_table(titles, rows)]
    for one in found.parameters:
        lines += _sentences(one)
    for name in found.without_mask:
        lines.append(f"{name} has weights but no mask.\n")
    for name in found.without_weights:
        lines.append(f"{name} has a mask but no weights.\n")
    lines.append("The mask is respected.\n" if found.is_respected else "The mask is violated.\n")
    return "".join(lines)


def _sentences(one: ParameterCheck) -> list[str]:
    said = []
    for count, entries, what in (
        (one.n_outside, one.outside, "outside the mask"),
        (one.n_zero, one.zeros, "kept but zero"),
    ):
        if count:
            places = ", ".join(str(entry) for entry in entries)
            more = ", ..." if count > len(entries) else ""
            said.append(f"{one.parameter}: {what} at {places}{more}\n")
    return said
