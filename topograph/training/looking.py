"""How good are the members of an ensemble on labelled images?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from topograph.training.engines.engine import Engine

_IMAGES = 1000  # at once, at most
_VALUES = 1 << 25  # of all units on all images at once: 128 MiB


@dataclass(frozen=True)
class Look:
    """One member on a set of images.

    Parameters
    ----------
    accuracy : float
        Share of images that get their class.
    loss : float
        Mean cross entropy; not finite if a logit is not.
    classes_never_predicted : tuple of int
        Classes that no image gets.
    silent_units : int
        Hidden units that are above 0 for no image.
    """

    accuracy: float
    loss: float
    classes_never_predicted: tuple[int, ...]
    silent_units: int


def look(engine: Engine, images: Tensor, labels: Tensor) -> list[Look]:
    """Evaluate every member.

    Parameters
    ----------
    engine : Engine
    images : Tensor of float32, shape (n, ...)
        On the engine's device.
    labels : Tensor of int64, shape (n,)
    """
    right, loss, hits = [], [], []
    active: list[list[Tensor]] = []
    size = _images_at_once(engine)
    for start in range(0, len(labels), size):
        chunk, truth = images[start : start + size], labels[start : start + size]
        found = engine.infer(chunk.flatten(1))
        n_members, _, n_classes = found.logits.shape
        classes = found.logits.argmax(dim=2)
        right.append((classes == truth).sum(dim=1))
        each = functional.cross_entropy(
            found.logits.reshape(-1, n_classes), truth.repeat(n_members), reduction="none"
        )
        loss.append(each.view(n_members, -1).double().sum(dim=1))
        hits.append(functional.one_hot(classes, n_classes).sum(dim=1))
        levels = [list(member) for member in found.active]
        active = [
            [one | other for one, other in zip(*both, strict=True)]
            for both in zip(active or levels, levels, strict=True)
        ]
    accuracies = (torch.stack(right).sum(dim=0).double() / len(labels)).tolist()
    losses = (torch.stack(loss).sum(dim=0) / len(labels)).tolist()
    counts = torch.stack(hits).sum(dim=0).cpu()
    return [
        Look(
            accuracies[index],
            losses[index],
            tuple((counts[index] == 0).nonzero().flatten().tolist()),
            sum(int((~level).sum()) for level in active[index]),
        )
        for index in range(len(engine.members))
    ]


def _images_at_once(engine: Engine) -> int:
    """Return how many images go through all members without taking much memory."""
    units = sum(sum(getattr(member, "widths", ())) for member in engine.members)
    return max(1, min(_IMAGES, _VALUES // max(1, units)))
