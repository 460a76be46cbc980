"""Options that the commands which train have in common."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from topograph_cli.inputs import expanded, is_generated, mask_name, open_graph
from topograph_cli.parameters import FiniteRange

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.io import ConvolutionMasks
    from topograph.training import Recipe
    from topograph.training.bundle import Manifest
    from topograph.training.data import Dataset

Command = TypeVar("Command", bound=Callable[..., Any])
DATA_SETS = ("digits", "mnist", "fashion-mnist", "cifar10")


@dataclass(frozen=True)
class TrainingPlan:
    """What is to be trained, how, and how often, as the options say it."""

    data_set: str
    recipe: str
    changes: tuple[str, ...]
    epochs: int | None
    steps: int | None
    seeds: int
    rate_factors: str
    validation: int
    edge_threshold: float | None
    proxies: bool

    def make_bundle(
        self, masks: tuple[str, ...], folder: str | Path, pack: Dataset | None = None
    ) -> Manifest:
        """Write the bundle of these masks; ``pack`` goes with it."""
        from topograph.training.bundle import make_bundle

        made = make_bundle(
            read_masks(masks),
            self.data_set,
            self._chosen_recipe(),
            folder,
            seeds=range(self.seeds),
            rate_factors=_rates(self.rate_factors),
            n_validation=self.validation,
            edge_threshold=self.edge_threshold,
            with_proxies=self.proxies,
            pack=pack,
        )
        _tell_of_lost_runs(Path(folder), made)
        return made

    def _chosen_recipe(self) -> Recipe:
        """Return the recipe with the changes that were asked for."""
        from topograph.training.recipe_files import change_recipe, load_recipe

        if self.epochs is not None and self.steps is not None:
            raise click.UsageError("Give either --epochs or --steps.")
        said = {}
        for change in self.changes:
            key, equals, value = change.partition("=")
            if not equals:
                raise click.UsageError(f"--set {change}: say SWITCH=VALUE.")
            said[key.strip()] = value.strip()
        length = {"n_epochs": self.epochs, "n_steps": self.steps}
        if any(given is not None for given in length.values()) and length.keys() & said.keys():
            raise click.UsageError("Give the length once: --epochs, --steps or --set.")
        if self.epochs is not None:
            said["n_epochs"] = str(self.epochs)
        if self.steps is not None:
            said["n_steps"] = str(self.steps)
        return change_recipe(load_recipe(self.recipe, self.data_set), said)


def _tell_of_lost_runs(folder: Path, made: Manifest) -> None:
    """Say which finished runs of a folder are no part of its new plan."""
    from topograph.training.bundle.results import RESULTS, read_results
    from topograph.training.bundle.units import units_of

    keys = {unit.key for unit in units_of(made)}
    lost = [row for row in read_results(folder / RESULTS) if row["key"] not in keys]
    if lost:
        names = ", ".join(dict.fromkeys(str(row.get("name", "?")) for row in lost))
        runs = "1 finished run" if len(lost) == 1 else f"{len(lost)} finished runs"
        click.echo(
            f"Note: {runs} of {names} in {folder} are not in this plan: name every mask, and as "
            f"many seeds and rates, to have them in the tables.",
            err=True,
        )


PLAN_OPTIONS = tuple(field.name for field in dataclasses.fields(TrainingPlan))


def plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a `TrainingPlan`, which the command gets as ``training``."""

    @functools.wraps(command)
    def planned(*arguments: Any, **given: Any) -> Any:
        training = TrainingPlan(**{name: given.pop(name) for name in PLAN_OPTIONS})
        return command(*arguments, training=training, **given)

    options = [
        click.option(
            "--data",
            "data_set",
            type=click.Choice(DATA_SETS),
            default=DATA_SETS[0],
            show_default=True,
            help="What to train on; digits come with scikit-learn.",
        ),
        click.option(
            "--recipe",
            default="modern",
            show_default=True,
            metavar="NAME|FILE.toml",
            help="How to train: modern, alford2018 (the protocol of that paper), or a file.",
        ),
        click.option(
            "--set",
            "changes",
            multiple=True,
            metavar="SWITCH=VALUE",
            help="Change a switch of the recipe, such as relu_logits=false; may be repeated.",
        ),
        click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Length."),
        click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Length in steps."),
        click.option(
            "--seeds",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            metavar="N",
            help="Train every net N times, from seeds 0 to N - 1.",
        ),
        click.option(
            "--rates",
            "rate_factors",
            default="1",
            show_default=True,
            metavar="F1,F2,...",
            help="Train with the recipe's learning rate multiplied by each of these.",
        ),
        click.option(
            "--validation",
            type=click.IntRange(min=0),
            default=0,
            show_default=True,
            metavar="N",
            help="Hold out the last N training images for the curves; the test images are then "
            "looked at once.",
        ),
        click.option(
            "--edge-threshold",
            type=FiniteRange(min=0),
            metavar="W",
            help="Count every epoch the effective edges whose weights exceed W.",
        ),
        click.option(
            "--proxies", is_flag=True, help="Take proxies of trainability at initialisation."
        ),
    ]
    for option in reversed(options):
        planned = option(planned)
    return planned


def data_dir_option(command: Command) -> Command:
    """Add the folder with the data."""
    return click.option(
        "--data-dir",
        metavar="DIR",
        help="Folder with the data; by default what TOPOGRAPH_DATA says. Nothing is downloaded.",
    )(command)


def _rates(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.UsageError(f"--rates {text}: give numbers with commas.") from None


def read_masks(paths: tuple[str, ...]) -> dict[str, LayeredGraph | ConvolutionMasks]:
    """Read masks, each under the name of its file, or its path where two have the same name.

    A net made on the spot goes by what it is made with.
    """
    paths = expanded(paths)
    stems = [mask_name(path) for path in paths]
    names = [
        stem if stems.count(stem) == 1 else path for stem, path in zip(stems, paths, strict=True)
    ]
    return {name: _read_mask(path) for name, path in zip(names, paths, strict=True)}


def _read_mask(path: str) -> LayeredGraph | ConvolutionMasks:
    import topograph
    from topograph.io import holds_convolution_masks, read_convolution_masks

    if is_generated(path):
        return open_graph((path,), None, 0.0, None)
    return read_convolution_masks(path) if holds_convolution_masks(path) else topograph.read(path)


def load_for_packing(data_set: str, data_dir: str | None) -> Dataset:
    """Read the data set, and pass its notes on."""
    from topograph.training import load_data

    data = load_data(data_set, data_dir)
    for note in data.notes:
        click.echo(f"Note: {note}", err=True)
    return data
