"""A data set as a recipe wants it."""

from __future__ import annotations

import dataclasses

from topograph.errors import ParameterError
from topograph.training.data.augmentation import CROP, SENTENCE, crop_centre
from topograph.training.data.dataset import Dataset
from topograph.training.data.published import find_published
from topograph.training.data.standardisation import (
    CONSTANTS,
    UNIT_INTERVAL,
    check_raw,
    standardise,
)
from topograph.training.recipes import Recipe


def prepare(data: Dataset, recipe: Recipe) -> Dataset:
    """Return the data set with its pixels scaled as the recipe says.

    Parameters
    ----------
    data : Dataset
        As read, with uint8 pixels.
    recipe : Recipe
        Its ``pixels`` and ``augmentation`` are followed. With augmentation the training
        images stay bytes, to be distorted batch by batch, and the test images are cropped.

    Returns
    -------
    Dataset
        Its ``steps`` say what was done.

    Raises
    ------
    ParameterError
        If the images have been prepared already, or are too small to be cropped.
    """
    check_raw(data)
    if not recipe.augmentation:
        step = CONSTANTS.get(data.name) if recipe.pixels == "standardised" else UNIT_INTERVAL
        if step is None:
            raise ParameterError(
                f"No constants are known for standardising the data set {data.name!r}.",
                hint="use topograph.training.data.standardisation.standardise with your own.",
            )
        return standardise(data, step)
    if min(data.shape[1:]) < CROP:
        raise ParameterError.expected(
            "Images to be cropped", f"at least {CROP} x {CROP}", data.shape[1:]
        )
    return dataclasses.replace(
        data,
        test_images=crop_centre(data.test_images),
        augmented=True,
        steps=(*data.steps, SENTENCE),
    )


def prepared_shape(name: str, recipe: Recipe) -> tuple[int, int, int]:
    """Channels, height and width of what a net gets of a published data set.

    Parameters
    ----------
    name : str
        As of `topograph.training.load_data`.
    recipe : Recipe
        With augmentation images are cropped.

    Examples
    --------
    >>> from topograph.training.recipes import ALFORD_2018, find_recipe
    >>> prepared_shape("cifar10", ALFORD_2018)
    (3, 32, 32)
    >>> prepared_shape("cifar10", find_recipe("alford2018", "cifar10"))
    (3, 24, 24)
    """
    channels, height, width = find_published(name).shape
    return (channels, CROP, CROP) if recipe.augmentation else (channels, height, width)
