"""Pruning of a trained net whose weights are in a file, without its code and its data."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.io import StateDict, read_state_dict, weight_of
from topograph.io.mask_layouts import is_embedding
from topograph.io.paths import extension, listed, naming, shown
from topograph.io.safetensors_files import MADE_BY
from topograph.io.sharded_files import INDEX_END
from topograph.io.sharded_files import SAFETENSORS as _SAFETENSORS
from topograph.io.state_dict_writing import TORCH, has_weights, write_state_dict
from topograph.io.stored_tensors import StoredTensor, blocks, held
from topograph.io.torch_files import EXTENSIONS
from topograph.pruning.selection import keep_largest, keep_random, kept_weights
from topograph.pruning.targets import (
    Scope,
    checked_sparsity,
    counts_by_allocation,
    counts_by_scope,
)
from topograph.training.seeding import seeded_generator
from topograph.version import topograph_version

CheckpointMethod: TypeAlias = Literal["magnitude", "random"]
CHECKPOINT_METHODS: tuple[CheckpointMethod, ...] = ("magnitude", "random")


@dataclass(frozen=True, eq=False)
class PrunedStateDict:
    """A checkpoint with more of its weights pruned.

    Parameters
    ----------
    state : StateDict
        As read, with one mask more for each weight that was pruned.
    masks : mapping of str to Tensor
        Of those weights, by parameter name: True where a weight is kept and is not 0.
    sparsity : float
        Share of their weights that was to be dropped.
    provenance : mapping
        Method and arguments, fit for JSON.
    """

    state: StateDict
    masks: MappingProxyType[str, Tensor]
    sparsity: float
    provenance: MappingProxyType[str, Any]

    @property
    def sparsity_reached(self) -> float:
        """Share of the weights that are not kept; more than asked where the file had more zeros."""
        n_weights = sum(mask.numel() for mask in self.masks.values())
        return 1 - sum(kept_weights(self.masks).values()) / n_weights

    @property
    def collapsed(self) -> tuple[str, ...]:
        """Layers that have lost every weight."""
        return tuple(name for name, kept in kept_weights(self.masks).items() if not kept)


def prune_state_dict(
    state: StateDict,
    sparsity: float,
    method: CheckpointMethod = "magnitude",
    *,
    scope: Scope | None = None,
    allocation: Allocation | None = None,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> PrunedStateDict:
    """Prune the weights of a checkpoint, of which neither code nor data are needed.

    Of ``n`` weights exactly ``round(sparsity * n)`` are dropped, of each layer (which keeps one
    at least) or of all together. Weights that are 0 or masked already go first. Biases,
    normalisation and embeddings stay as they are, and so does a layer that shares its weights
    with an embedding.

    Parameters
    ----------
    state : StateDict
        As `topograph.io.read_state_dict` returns it.
    sparsity : float
        In [0, 1).
    method : {"magnitude", "random"}, default "magnitude"
        As `prune_magnitude` and `prune_random`; the others need the net itself.
    scope : {"layer", "global"}, optional
        Of magnitude; by default layer.
    allocation : {"uniform", "erk", "er"}, optional
        Of random; by default uniform.
    exclude : iterable of str, default ()
        Layers (``fc3``) or their weights (``fc3.weight``) that stay as they are.
    seed : int, default 0
        Of random.

    Returns
    -------
    PrunedStateDict
        `topograph.pruning.write_pruned` writes it.

    Raises
    ------
    ParameterError
        If an argument is outside what it may be, the checkpoint holds masks alone, or nothing
        is left to prune.
    TopographError
        If a weight is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.architectures.loading import held_state
    >>> weights = {"fc.weight": np.array([[0.1, -3.0], [2.0, 0.2]]), "fc.bias": np.zeros(2)}
    >>> found = prune_state_dict(held_state(weights), 0.5)
    >>> found.masks["fc.weight"].tolist(), found.sparsity_reached
    ([[False, True], [True, False]], 0.5)
    """
    share = checked_sparsity(sparsity)
    _check(state, method, scope, allocation)
    values = {
        name: torch.as_tensor(weight_of(state, name)).float() for name in _names(state, exclude)
    }
    is_edge = {name: value != 0 for name, value in values.items()}
    arguments: dict[str, Any]
    if method == "magnitude":
        arguments = {"scope": scope or "layer"}
        counts, _ = counts_by_scope(values, share, arguments["scope"])
        kept = keep_largest({name: value.abs() for name, value in values.items()}, counts)
    else:
        arguments = {"allocation": allocation or "uniform", "seed": seed}
        drawn = counts_by_allocation(values, share, arguments["allocation"])
        kept = keep_random(drawn, is_edge, seeded_generator(seed, "masks"))
    masks = {name: mask & is_edge[name] for name, mask in kept.items()}
    left_out = [name for name in state.parameters if name not in masks]
    provenance = {
        "method": method,
        "parameters": {**arguments, "exclude": left_out},
        "sparsity": share,
        "topograph": topograph_version(),
    }
    parameters = {
        name: dataclasses.replace(
            parameter, masks=(*parameter.masks, held(f"{name}_mask", masks[name].numpy()))
        )
        if name in masks
        else parameter
        for name, parameter in state.parameters.items()
    }
    return PrunedStateDict(
        dataclasses.replace(state, parameters=MappingProxyType(parameters)),
        MappingProxyType(masks),
        share,
        MappingProxyType(provenance),
    )


def write_pruned(pruned: PrunedStateDict, path: str | os.PathLike[str]) -> None:
    """Write a pruned checkpoint under the names it was read by, its weights 0 where pruned.

    Parameters
    ----------
    pruned : PrunedStateDict
    path : path
        Ends in ``.safetensors``, whose metadata then say how it was pruned, or in ``.pt``,
        ``.pth`` or ``.bin``, where there is no place for it. Written whole or not at all; a
        ``.safetensors`` file of the same weights has the same bytes.

    Raises
    ------
    ParameterError
        If the name ends otherwise, or the file cannot be written.
    """
    (target,) = listed([path])
    if extension(target) not in (_SAFETENSORS, *TORCH):
        raise ParameterError.expected(
            f"{shown(target)}: The name of a checkpoint",
            f"with one of the endings {', '.join((_SAFETENSORS, *TORCH))}",
            extension(target),
        )
    said = json.dumps(dict(pruned.provenance), sort_keys=True)
    write_state_dict(pruned.state, target, "weights", metadata={MADE_BY: said})


def read_to_prune(path: str | os.PathLike[str]) -> tuple[StateDict, str, str]:
    """Read a checkpoint, and say how the names of its pruned copies begin and end.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    (file,) = listed([path])
    state = read_state_dict(file)
    with naming(shown(file)):
        _check(state, "magnitude", None, None)
    ending = extension(file)
    stem = Path(file).resolve().name
    for said in (INDEX_END, _SAFETENSORS, *EXTENSIONS):  # not any suffix: folders have dots
        stem = stem.removesuffix(said)
    return state, stem, ending if ending in TORCH else _SAFETENSORS


def _check(
    state: StateDict, method: str, scope: Scope | None, allocation: Allocation | None
) -> None:
    if method not in CHECKPOINT_METHODS:
        raise ParameterError.expected(
            "A method for a checkpoint",
            f"one of {', '.join(CHECKPOINT_METHODS)}",
            method,
            hint="the others need the net and data: topograph.pruning has them for any nn.Module.",
        )
    if scope is not None and method != "magnitude":
        raise ParameterError(f"The method {method} must be given no scope, but it is.")
    if allocation is not None and method != "random":
        raise ParameterError(f"The method {method} must be given no allocation, but it is.")
    if not has_weights(state):
        raise ParameterError(
            "A checkpoint to be pruned must hold weights, but this one holds masks alone."
        )


def _embeddings_too(state: StateDict) -> Iterator[str]:
    """Give the weights that have the values of an embedding: a layer shares it."""
    for name, parameter in state.parameters.items():
        weight = parameter.weight
        if weight is None or parameter.masks:
            continue
        for other, table in state.others.items():
            if is_embedding(other, table.shape) and _are_same(weight, table):
                yield name
                break


def _are_same(one: StoredTensor, other: StoredTensor) -> bool:
    if one.shape != other.shape or one.form != other.form:
        return False
    return all(
        np.array_equal(one.rows(part.start, part.stop), other.rows(part.start, part.stop))
        for part in blocks(one)
    )


def _names(state: StateDict, exclude: Iterable[str]) -> list[str]:
    left_out = set(_embeddings_too(state))
    for name in exclude:
        key = name if name in state.parameters else f"{name}.weight"
        if key not in state.parameters:
            known = ", ".join(map(shown, list(state.parameters)[:20]))
            raise ParameterError.expected("An excluded layer", f"one of {known}", name)
        left_out.add(key)
    names = [name for name in state.parameters if name not in left_out]
    if not names:
        raise ParameterError(
            "A checkpoint to be pruned must have a weight that is not excluded, but it has none."
        )
    return names
