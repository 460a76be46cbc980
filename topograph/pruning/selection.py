"""Which weights are kept: exactly as many as asked, ties broken by rule."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from topograph.errors import TopographError
from topograph.training.seeding import seeded_generator


def keep_largest(
    scores: Mapping[str, Tensor], counts: Mapping[str, int] | int, seed: int | None = None
) -> dict[str, Tensor]:
    """Masks of the weights with the largest scores, exactly as many as asked.

    Parameters
    ----------
    scores : mapping of str to Tensor
        A score for each weight; -inf for one that is to go before all others.
    counts : mapping of str to int, or int
        Weights to keep in each layer; or in all of them together, which are then ranked in
        one list.
    seed : int, optional
        Breaks ties at random; by default the weight that comes first is kept.

    Raises
    ------
    TopographError
        If a score is nan or +inf: the net has diverged.

    Examples
    --------
    >>> scores = {"a": torch.tensor([3.0, 1.0]), "b": torch.tensor([2.0, 2.0])}
    >>> keep_largest(scores, {"a": 1, "b": 1})
    {'a': tensor([ True, False]), 'b': tensor([ True, False])}
    >>> keep_largest(scores, 2)
    {'a': tensor([ True, False]), 'b': tensor([ True, False])}
    """
    for name, score in scores.items():
        if not bool((score < torch.inf).all()):
            raise TopographError(
                f"Scores must be finite to be ranked, but those of {name} are not.",
                hint="the weights have diverged; use a smaller learning rate.",
            )
    generator = None if seed is None else seeded_generator(seed, "ties")
    if not isinstance(counts, int):
        return {
            name: _largest(score.flatten(), counts[name], generator).view_as(score)
            for name, score in scores.items()
        }
    flat = _largest(torch.cat([score.flatten() for score in scores.values()]), counts, generator)
    pieces = torch.split(flat, [score.numel() for score in scores.values()])
    return {
        name: piece.view_as(score)
        for (name, score), piece in zip(scores.items(), pieces, strict=True)
    }


def _largest(scores: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Return the mask of the ``count`` largest entries of a vector."""
    if count <= 0:
        return torch.zeros_like(scores, dtype=torch.bool)
    bound = scores.kthvalue(len(scores) - count + 1).values
    mask = scores > bound
    ties = torch.nonzero(scores == bound).flatten()
    if generator is not None:
        ties = ties[torch.randperm(len(ties), generator=generator).to(ties.device)]
    mask[ties[: count - int(mask.sum())]] = True
    return mask


def kept_weights(masks: Mapping[str, Tensor]) -> dict[str, int]:
    """Return the number of weights that each mask keeps."""
    return {name: int(mask.sum()) for name, mask in masks.items()}


def keep_random(
    counts: Mapping[str, int], among: Mapping[str, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Masks of weights drawn at random, exactly as many as asked, all choices equally likely.

    Parameters
    ----------
    counts : mapping of str to int
        Weights to draw in each layer; all there are if fewer.
    among : mapping of str to Tensor
        Boolean: the weights to draw from.
    generator : torch.Generator
        On the CPU.

    Examples
    --------
    >>> among = {"a": torch.tensor([True, False, True])}
    >>> keep_random({"a": 2}, among, torch.Generator().manual_seed(0))
    {'a': tensor([ True, False,  True])}
    """
    drawn = {}
    for name, free in among.items():
        places = torch.nonzero(free.flatten()).flatten()
        order = torch.randperm(len(places), generator=generator)[: counts[name]]
        mask = torch.zeros_like(free).flatten()
        mask[places[order.to(places.device)]] = True
        drawn[name] = mask.view_as(free)
    return drawn
