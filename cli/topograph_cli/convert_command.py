"""`topograph convert`: masks and weights from one format to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from topograph_cli.parameters import FiniteRange

if TYPE_CHECKING:
    from topograph.io import Orientation
    from topograph.io.state_dict_writing import Style

_FORMS = (
    *("archive", "arrays", "scipy", "npy", "matrix-market", "graphchallenge", "graphml"),
    *("edge-list", "state-dict", "onnx"),
)


@click.command()
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option(
    "--to",
    "form",
    type=click.Choice(_FORMS),
    help="The format of OUT. By default as its name ends: .npz is an archive of topograph, .mtx "
    "Matrix Market, .graphml GraphML, .edgelist and .edges an edge list, .safetensors, .pt, .pth "
    "and .bin a state dict, .onnx a model, a name without ending a folder of GraphChallenge.",
)
@click.option(
    "--style",
    type=click.Choice(["weights", "mask", "prune"]),
    help="Of a state dict: weights that are zero where pruned, by default where there are "
    "weights; masks of 0 and 1 by parameter name; or X_orig and X_mask of torch.nn.utils.prune.",
)
@click.option(
    "--orientation",
    type=click.Choice(["in-out", "out-in"]),
    help="Whether rows of IN are inputs (in-out) or outputs (out-in). By default as its format "
    "or the widths of neighbouring layers say.",
)
@click.option(
    "--threshold",
    type=FiniteRange(min=0),
    default=0.0,
    metavar="T",
    help="Keep the weights with |w| > T; by default the non-zero ones.",
)
@click.option("--layers", metavar="FIRST:LAST", help="Take these layers alone, counted from 1.")
def convert(
    source: str,
    target: str,
    form: str | None,
    style: Style | None,
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
) -> None:
    """Convert masks and weights from any format that topograph reads to another.

    What the other format cannot hold is said, one line each; what it cannot represent at all
    is refused. Kernels of convolutions keep their shape from one state dict to another.

    \b
    Examples:
      topograph convert pruned.pt mask.npz
      topograph convert net.npz net.safetensors
      topograph convert pruned.safetensors pruned.pt --style prune
      topograph convert net.npz layers --to scipy
      topograph convert net.npz net.graphml
    """
    from topograph.io import convert as convert_file

    for sentence in convert_file(
        source,
        target,
        form=form,
        style=style,
        orientation=orientation,
        threshold=threshold,
        layers=layers,
    ):
        click.echo(f"Note: {sentence}", err=True)
