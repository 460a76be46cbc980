"""What is to be pruned: which layers, and how many weights each of them keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation, allocate_edges
from topograph.pruning.shapes import allocate_weights
from topograph.training.masking import prunable_parameters

Scope: TypeAlias = Literal["layer", "global"]
Parameters: TypeAlias = Mapping[str, Tensor]


def checked_sparsity(sparsity: float) -> float:
    """Return the sparsity, if it is at least 0 and below 1."""
    if not 0.0 <= sparsity < 1.0:
        raise ParameterError.expected(
            "A sparsity", "at least 0 and below 1", sparsity, hint="0.9 drops 90 % of the weights."
        )
    return float(sparsity)


def pruned_parameters(
    module: nn.Module, exclude: Iterable[str] = (), keep_output_dense: bool = False
) -> dict[str, nn.Parameter]:
    """Return the weights to prune: all but the excluded ones, and the last one if asked."""
    names = list(exclude)
    if keep_output_dense:
        names.append(list(prunable_parameters(module))[-1])
    return prunable_parameters(module, names)


def counts_by_scope(
    parameters: Parameters, sparsity: float, scope: Scope
) -> tuple[dict[str, int] | int, dict[str, float] | None]:
    """Return the weights to keep, a layer or in all, and the sparsity asked of each layer.

    Exactly ``round(sparsity * n)`` of the ``n`` weights of a layer, or of all, are dropped;
    of a layer one is kept at least.

    Raises
    ------
    ParameterError
        If the scope is neither ``layer`` nor ``global``.
    """
    if scope == "layer":
        counts = {
            name: max(1, _kept(weight.numel(), sparsity)) for name, weight in parameters.items()
        }
        return counts, dict.fromkeys(parameters, sparsity)
    if scope == "global":
        return _kept(sum(weight.numel() for weight in parameters.values()), sparsity), None
    raise ParameterError.expected("scope", "layer or global", scope)


def counts_by_allocation(
    parameters: Parameters, sparsity: float, allocation: Allocation
) -> dict[str, int]:
    """Return the weights that each layer keeps under an allocation of density to layers.

    A chain of fully connected layers gets the counts of
    `topograph.generators.allocation.allocate_edges`: those of a generated net of the same
    widths. Where there are convolutions or branches the same rule runs over the shapes of
    the weights: under ``erk`` layer ``l`` gets a density proportional to
    ``(n_in + n_out + kh + kw) / (n_in n_out kh kw)``, under ``er`` without the kernel.

    Examples
    --------
    >>> from topograph.training import build_model
    >>> net = prunable_parameters(build_model("lenet-300-100", (1, 28, 28)))
    >>> counts_by_allocation(net, 0.95, "erk")
    {'fc1.weight': 9051, 'fc2.weight': 3340, 'fc3.weight': 919}
    """
    shapes = [tuple(weight.shape) for weight in parameters.values()]
    widths = [shapes[0][1], *(shape[0] for shape in shapes)]
    is_chain = all(len(shape) == 2 for shape in shapes) and all(
        shape[1] == width for shape, width in zip(shapes, widths, strict=False)
    )
    if is_chain:
        counts = allocate_edges(widths, 1 - sparsity, allocation)
    else:
        counts = allocate_weights(shapes, 1 - sparsity, allocation)
    return dict(zip(parameters, counts, strict=True))


def asked_of(parameters: Parameters, counts: Mapping[str, int]) -> dict[str, float]:
    """Return the sparsity of each layer that keeps so many weights."""
    return {name: 1 - counts[name] / weight.numel() for name, weight in parameters.items()}


def _kept(n_weights: int, sparsity: float) -> int:
    return n_weights - round(sparsity * n_weights)
