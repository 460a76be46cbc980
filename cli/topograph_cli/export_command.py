"""`topograph export`: masks, data and recipe as a folder that travels."""

from __future__ import annotations

import click

from topograph_cli.training_options import (
    TrainingPlan,
    data_dir_option,
    load_for_packing,
    plan_options,
)


@click.command()
@click.argument("masks", nargs=-1, required=True, metavar="MASK...")
@plan_options
@click.option("--with-data", is_flag=True, help="Pack the data set into the bundle.")
@data_dir_option
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the bundle.")
def export(
    masks: tuple[str, ...],
    training: TrainingPlan,
    with_data: bool,
    data_dir: str | None,
    output: str,
) -> None:
    """Write a bundle: masks and the plan of their training, for `topograph train`.

    The folder holds the masks, a manifest with recipe, data set and seeds and, with
    --with-data, the images. It can be copied to another machine and trained there; what
    comes out is written beside it and read by `topograph collect`.

    \b
    Examples:
      topograph export masks/*.npz --data mnist --seeds 5 -o bundle
      topograph export net.npz --recipe alford2018 --set relu_logits=false \\
          --data mnist --data-dir data --with-data -o bundle
    """
    pack = load_for_packing(training.data_set, data_dir) if with_data else None
    manifest = training.make_bundle(masks, output, pack)
    noun = "mask" if len(manifest.masks) == 1 else "masks"
    runs = "1 run" if manifest.n_runs == 1 else f"{manifest.n_runs} runs"
    click.echo(
        f"Wrote {output}: {len(manifest.masks)} {noun}, {runs} on {manifest.data} "
        f"with the recipe {manifest.recipe.name}."
    )
    if len(manifest.masks) < len(masks):
        click.echo("Note: masks with the same edges are in the bundle once.", err=True)
