"""`topograph prune`: masks from a net that is trained here, one file a sparsity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from topograph_cli.output import terminal_color, terminal_width
from topograph_cli.progress import ProgressBar
from topograph_cli.prune_checkpoint import check_options, prune_checkpoint
from topograph_cli.targets import check_folder, noting_replacement
from topograph_cli.training_options import DATA_SETS, data_dir_option

if TYPE_CHECKING:
    from topograph.pruning import PrunedLevel

MODELS = ("lenet-300-100", "lenet-5", "conv-net", "resnet-20")
METHODS = (
    "magnitude",
    "iterative",
    "lottery",
    "random",
    "snip",
    "grasp",
    "synflow",
    "set",
    "rigl",
)
RECIPES = ("modern", "alford2018")
_TITLES = ("asked", "reached", "dense", "pruned", "retrained", "file")


class Sparsities(click.ParamType[tuple[str, ...]]):
    """A list of sparsities with commas, kept as written for the names of files."""

    name = "sparsities"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Parse the list."""
        if isinstance(value, tuple):
            return value
        said = tuple(part.strip() for part in value.split(","))
        try:
            numbers = [float(part) for part in said]
        except ValueError:
            self.fail(f"{value!r} is not a list of sparsities such as 0.5,0.9.", param, ctx)
        for part, number in zip(said, numbers, strict=True):
            if not 0.0 <= number < 1.0:
                self.fail(f"A sparsity must be at least 0 and below 1, but {part} is not.")
        if len(set(numbers)) < len(numbers):
            self.fail(f"{value!r} has the same sparsity twice.", param, ctx)
        return said


@click.command()
@click.argument("checkpoint", required=False, metavar="[CHECKPOINT]")
@click.option(
    "--model",
    type=click.Choice(MODELS),
    default=MODELS[0],
    show_default=True,
    help="Net to train, without a CHECKPOINT.",
)
@click.option(
    "--data",
    "data_set",
    type=click.Choice(DATA_SETS),
    default=DATA_SETS[0],
    show_default=True,
    help="What to train on; digits come with scikit-learn.",
)
@data_dir_option
@click.option("--method", type=click.Choice(METHODS), required=True)
@click.option(
    "--sparsity",
    "sparsities",
    type=Sparsities(),
    default="0.5,0.75,0.9,0.95,0.99",
    show_default=True,
    metavar="S1,S2,...",
    help="Shares of the weights to drop; one mask each.",
)
@click.option(
    "--scope",
    type=click.Choice(["layer", "global"]),
    help="Rank weights by layer or all together (magnitude, lottery, snip, grasp).",
)
@click.option(
    "--allocation",
    type=click.Choice(["uniform", "erk", "er"]),
    help="How density is spread over layers (random, set, rigl).",
)
@click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="Of lottery or synflow.")
@click.option("--keep-output-dense", is_flag=True, help="Leave the last layer dense.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="NAME",
    help="Layer of the CHECKPOINT that stays as it is; may be repeated.",
)
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default=RECIPES[0],
    show_default=True,
    help="How to train; alford2018 is the protocol of that paper.",
)
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Length of each training.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="The same in steps.")
@click.option("--retrain", is_flag=True, help="Train each mask once more, held fixed.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the masks.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def prune(
    checkpoint: str | None,
    model: str,
    data_set: str,
    data_dir: str | None,
    method: str,
    sparsities: tuple[str, ...],
    scope: str | None,
    allocation: str | None,
    rounds: int | None,
    keep_output_dense: bool,
    exclude: tuple[str, ...],
    recipe: str,
    epochs: int | None,
    steps: int | None,
    retrain: bool,
    seed: int,
    device: str,
    output: str,
    quiet: bool,
) -> None:
    """Train a net, prune it, and write a mask for each sparsity; or prune a CHECKPOINT.

    The masks are DIR/MODEL-METHOD-SPARSITY.npz, each written as soon as it is done; their
    provenance holds the accuracies, the recipe and the data set.

    Of a CHECKPOINT (.safetensors, .pt, .pth, .bin, shards) pruned copies are written, by magnitude
    or random: neither the code of its net nor data are needed.

    \b
    Examples:
      topograph prune --method magnitude -o masks
      topograph prune --method synflow --data mnist --data-dir data \\
          --sparsity 0.9,0.99 --retrain -o masks
      topograph prune --model lenet-5 --data cifar10 --method iterative \\
          --recipe alford2018 -o masks
      topograph prune trained.safetensors --method magnitude --scope global -o pruned
    """
    check_options(checkpoint is not None)
    if checkpoint is not None:
        allocated = {"allocation": allocation, "exclude": exclude, "seed": seed}
        options = {"method": method, "scope": scope, **allocated}
        prune_checkpoint(checkpoint, sparsities, Path(output), quiet, **options)
        return
    from topograph.pruning import PruningPlan, prune_levels, save_masks
    from topograph.training import find_recipe, load_data
    from topograph.training.heap import keep_freed_memory

    keep_freed_memory()
    if epochs is not None and steps is not None:
        raise click.UsageError("Give either --epochs or --steps.")
    folder = Path(output)
    rows: list[tuple[str, ...]] = []
    try:
        with ProgressBar(quiet) as progress:
            progress(f"read {data_set}", 0, 1)
            data = load_data(data_set, data_dir)
            for note in data.notes:
                click.echo(f"Note: {note}", err=True)
            chosen = find_recipe(recipe, data_set)
            if epochs is not None:
                steps = epochs * max(1, len(data.train_labels) // chosen.batch_size)
            plan = PruningPlan(
                model=model,
                data=data,
                method=method,
                sparsities=tuple(map(float, sparsities)),
                recipe=chosen,
                n_steps=steps,
                scope=scope,  # type: ignore[arg-type]  # the choices are the same
                allocation=allocation,  # type: ignore[arg-type]
                rounds=rounds,
                keep_output_dense=keep_output_dense,
                retrain=retrain,
                seed=seed,
                device=device,
            )
            check_folder("-o", output)
            folder.mkdir(parents=True, exist_ok=True)
            for said, level in zip(sparsities, prune_levels(plan, progress), strict=True):
                path = folder / f"{model}-{method}-{said}.npz"
                with noting_replacement(path):
                    save_masks(
                        level.pruned,
                        level.module,
                        path,
                        input_shape=level.input_shape,
                        provenance=level.provenance,
                    )
                rows.append(_row(said, level, path))
                for layer in level.pruned.collapsed:
                    click.echo(f"Note: at {said} the layer {layer} has no weight left.", err=True)
    finally:
        if rows:  # what is on disk, after an interruption too
            click.echo(_table(rows), nl=False)


def _row(said: str, level: PrunedLevel, path: Path) -> tuple[str, ...]:
    reached = f"{level.pruned.sparsity_reached:.6g}"
    accuracies = [level.accuracy[stage] for stage in ("dense", "pruned", "retrained")]
    shown = ["-" if accuracy is None else f"{accuracy:.4f}" for accuracy in accuracies]
    return said, reached, *shown, path.name


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return the table of the levels that are done."""
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in _TITLES:
        table.add_column(title, justify="left" if title == "file" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    buffer = io.StringIO()
    color = terminal_color()
    console = Console(file=buffer, width=terminal_width(), force_terminal=color, no_color=not color)
    console.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
