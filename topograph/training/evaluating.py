"""How good is a net on labelled images?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from topograph.training.modes import evaluation_mode

_CHUNK = 1000  # images at once


@dataclass(frozen=True)
class Evaluation:
    """Accuracy and loss on a set of images.

    Parameters
    ----------
    accuracy : float
        Share of images that get their class, 0 to 1.
    loss : float
        Mean cross entropy; not finite if the net diverged.
    classes_predicted : int
        Number of classes that some image gets: 1 for a constant predictor.
    """

    accuracy: float
    loss: float
    classes_predicted: int


@torch.no_grad()
def evaluate(module: nn.Module, images: Tensor, labels: Tensor) -> Evaluation:
    """Classify images, in evaluation mode; every part's own mode is restored.

    Parameters
    ----------
    module : nn.Module
        Returns one logit a class.
    images : Tensor of float32, shape (n, ...)
        On the module's device.
    labels : Tensor of int64, shape (n,)

    Examples
    --------
    >>> layer = nn.Linear(2, 2, bias=False)
    >>> _ = layer.weight.data.copy_(torch.eye(2))
    >>> evaluate(layer, torch.eye(2), torch.tensor([0, 0])).accuracy
    0.5
    """
    right = torch.zeros((), dtype=torch.int64, device=labels.device)
    loss = torch.zeros((), dtype=torch.float64, device=labels.device)
    predicted = torch.zeros(1, dtype=torch.int64, device=labels.device)
    chunks = zip(torch.split(images, _CHUNK), torch.split(labels, _CHUNK), strict=True)
    with evaluation_mode(module):
        for chunk, truth in chunks:
            logits = module(chunk)
            loss += nn.functional.cross_entropy(logits, truth, reduction="sum").double()
            classes = logits.argmax(dim=1)
            right += (classes == truth).sum()
            predicted = predicted + torch.bincount(classes, minlength=logits.shape[1])
    n_images = len(labels)
    return Evaluation(
        int(right) / n_images, float(loss) / n_images, int(torch.count_nonzero(predicted))
    )
