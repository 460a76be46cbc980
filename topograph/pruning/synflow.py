"""SynFlow: pruning by the flow of synaptic strength, without data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_largest, kept_weights
from topograph.pruning.targets import checked_sparsity, pruned_parameters
from topograph.training.homogeneous import of_absolute_weights, total_flow
from topograph.training.masking import LAYERS, prunable_parameters
from topograph.training.modes import gradients_of

_SMALLEST = 1e-200  # of flows whose parts are numbers of full precision too


def synflow_scores(module: nn.Module, input_shape: Sequence[int]) -> dict[str, Tensor]:
    r"""Synaptic flow through each weight: ``|w| * dR/d|w|``, ``R = 1^T (prod |W|) 1``.

    The total weight, in products of ``|w|`` along paths, of the paths through the connection;
    with all ``|w| = 1`` the number of paths. ``R`` is the sum of all outputs of the net of
    absolute weights, without biases, for an input of ones. Batch normalisation is as in
    evaluation, ``|gamma| / sqrt(variance + eps)``; other normalisation is left out, and that
    of batches where no variance is stored. The scores of
    every layer of a chain have the same sum, ``R``, and what enters a hidden unit leaves it.

    Parameters
    ----------
    module : nn.Module
        Of layers that are positively homogeneous: linear, convolution, ReLU, pooling. It is
        left as it is; a mask counts through the weights that are 0.
    input_shape : sequence of int
        Of one input, without the batch.

    Returns
    -------
    dict of str to Tensor
        float64, by parameter name.

    References
    ----------
    Tanaka, Kunin, Yamins & Ganguli, "Pruning neural networks without any data by iteratively
    conserving synaptic flow", NeurIPS 2020.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> for layer in (net[0], net[2]): _ = layer.weight.data.fill_(-1)
    >>> scores = synflow_scores(net, (2,))
    >>> scores["2.weight"], float(scores["0.weight"].sum())
    (tensor([[2., 2., 2.]], dtype=torch.float64), 6.0)
    """
    return _flow(of_absolute_weights(module), input_shape)[1]


def prune_synflow(
    module: nn.Module,
    input_shape: Sequence[int],
    sparsity: float,
    *,
    rounds: int = 100,
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int | None = None,
) -> PrunedMasks:
    """Masks that keep the weights that most synaptic flow goes through, in many rounds.

    After round ``k`` of ``n`` the share ``(1 - sparsity)^(k / n)`` of the weights is left, by
    one ranking of all layers; then the scores are taken anew. Since every layer carries the
    same flow, a layer that gets thin has weights of large scores: none is lost as long as
    others can give, down to one path.

    Parameters
    ----------
    module : nn.Module
        At initialisation; left as it is.
    input_shape : sequence of int
        Of one input, without the batch.
    sparsity : float
        In [0, 1).
    rounds : int, default 100
        1 is one-shot pruning, which can lose layers.
    exclude, keep_output_dense, seed
        As of `prune_magnitude`.

    Returns
    -------
    PrunedMasks
        Its history has the weights that each layer keeps after each round.

    Raises
    ------
    ParameterError
        If ``rounds`` is below 1, or the flow of a net in which paths go round layers leaves the
        range of floating-point numbers.

    References
    ----------
    Tanaka, Kunin, Yamins & Ganguli, NeurIPS 2020.
    """
    share = checked_sparsity(sparsity)
    if rounds < 1:
        raise ParameterError.expected("rounds", "at least 1", rounds)
    names = list(pruned_parameters(module, exclude, keep_output_dense))
    absolute = of_absolute_weights(module)
    weights = {name: absolute.get_parameter(name) for name in names}
    total = sum(weight.numel() for weight in weights.values())
    goal = total - round(share * total)
    masks = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    history = []
    for number in range(1, rounds + 1):
        scores = _scores_within_range(absolute, input_shape)
        left = max(goal, round(total * (1 - share) ** (number / rounds)))
        ranked = {name: scores[name].masked_fill(~mask, -torch.inf) for name, mask in masks.items()}
        masks = keep_largest(ranked, goal if number == rounds else left, seed)
        with torch.no_grad():
            for name, mask in masks.items():
                weights[name].mul_(mask)
        history.append({"round": number, "kept": kept_weights(masks)})
    parameters = {"rounds": rounds, "seed": seed}
    return record(module, "synflow", share, masks, None, parameters, history)


def _scores_within_range(absolute: nn.Module, input_shape: Sequence[int]) -> dict[str, Tensor]:
    """Return scores that are numbers of full precision; layers are scaled if there is need.

    Where every path goes through every layer once, a factor on a layer is a factor on all
    scores of all layers: ranks stay as they are. Where some go round a layer they would not.
    """
    total, scores = _flow(absolute, input_shape)
    if _SMALLEST < total < 1 / _SMALLEST:
        return scores
    _scale(absolute, input_shape)
    total, scores = _flow(absolute, input_shape)
    sums = [float(score.sum()) for score in scores.values()]
    if any(found and not math.isclose(found, total, rel_tol=1e-6) for found in sums):
        raise ParameterError(
            "The synaptic flow of a net in which paths go round layers must be within the range "
            "of floating-point numbers, but this one is not.",
            hint="Scale the weights: a net at initialisation has flows far within.",
        )
    return scores


@torch.no_grad()
def _scale(absolute: nn.Module, input_shape: Sequence[int]) -> None:
    """Divide every layer by its largest output, one after the other."""

    def divide(layer: Any, _: Any, values: Tensor) -> Tensor:
        largest = float(values.max())
        if largest in (0.0, math.inf):
            return values
        layer.weight.div_(largest)
        return values / largest

    handles = [
        child.register_forward_hook(divide)
        for child in absolute.modules()
        if isinstance(child, LAYERS)
    ]
    total_flow(absolute, input_shape)
    for handle in handles:
        handle.remove()


def _flow(absolute: nn.Module, input_shape: Sequence[int]) -> tuple[float, dict[str, Tensor]]:
    """Return the total flow, and that through each weight."""
    weights = prunable_parameters(absolute)
    flow = total_flow(absolute, input_shape)
    gradients = gradients_of(flow, weights)
    scores = {name: weight.detach() * gradients[name] for name, weight in weights.items()}
    return float(flow.detach()), scores
