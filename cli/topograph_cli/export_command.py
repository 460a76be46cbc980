"""`topograph export`: masks, data and recipe as a folder that travels."""

from __future__ import annotations

import click

from topograph_cli.training_options import (
    chosen_rates,
    chosen_recipe,
    data_dir_option,
    load_for_packing,
    plan_options,
    read_masks,
)


@click.command()
@click.argument("masks", nargs=-1, required=True, metavar="MASK...")
@plan_options
@click.option("--with-data", is_flag=True, help="Pack the data set into the bundle.")
@data_dir_option
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the bundle.")
def export(
    masks: tuple[str, ...],
    data_set: str,
    recipe: str,
    changes: tuple[str, ...],
    epochs: int | None,
    steps: int | None,
    seeds: int,
    rate_factors: str,
    validation: int,
    edge_threshold: float | None,
    proxies: bool,
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
    from topograph.training.bundle import make_bundle

    chosen = chosen_recipe(recipe, data_set, changes, epochs, steps)
    manifest = make_bundle(
        read_masks(masks),
        data_set,
        chosen,
        output,
        seeds=range(seeds),
        rate_factors=chosen_rates(rate_factors),
        n_validation=validation,
        edge_threshold=edge_threshold,
        with_proxies=proxies,
        pack=load_for_packing(data_set, data_dir) if with_data else None,
    )
    noun = "mask" if len(manifest.masks) == 1 else "masks"
    runs = "1 run" if manifest.n_runs == 1 else f"{manifest.n_runs} runs"
    click.echo(
        f"Wrote {output}: {len(manifest.masks)} {noun}, {runs} on {data_set} "
        f"with the recipe {chosen.name}."
    )
    if len(manifest.masks) < len(masks):
        click.echo("Note: masks with the same edges are in the bundle once.", err=True)
