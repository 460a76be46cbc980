"""Parameters and their masks to a file of tensors, in a layout of the user's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from topograph.errors import MissingExtraError, ParameterError
from topograph.io.limits import Budget
from topograph.io.named_masks import parameter_name
from topograph.io.number_formats import BY_NAME
from topograph.io.paths import extension, shown
from topograph.io.replacing import replacing
from topograph.io.safetensors_files import write_safetensors
from topograph.io.state_dicts import Parameter, StateDict, kept_block, used_weight
from topograph.io.stored_tensors import StoredTensor, codes_of

Style: TypeAlias = Literal["weights", "mask", "prune"]

TORCH = (".pt", ".pth", ".bin")
_MASKS = ("bool", "uint8")
_BOOL = BY_NAME["bool"]


def has_weights(state: StateDict) -> bool:
    """Whether every parameter has numbers that are not of a type made for masks."""
    return all(
        parameter.weight is not None and parameter.weight.form.name not in _MASKS
        for parameter in state.parameters.values()
    )


def write_state_dict(
    state: StateDict,
    path: Path,
    style: Style,
    threshold: float = 0.0,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a state dict as ``.safetensors`` or as a file of torch, whole or not at all.

    Parameters
    ----------
    state : StateDict
    path : Path
    style : {"weights", "mask", "prune"}
        Weights that are zero where they are pruned; masks of booleans by parameter name; or
        ``X_orig`` and ``X_mask`` as of torch.nn.utils.prune.
    threshold : float, default 0.0
        Weights with ``|w| <= threshold`` are pruned.
    metadata : mapping of str to str, optional
        For the header of ``.safetensors``; a file of torch has no place for it.

    Raises
    ------
    ParameterError
        If the style needs weights and there are none, or the file cannot be written.
    """
    if style != "mask" and not has_weights(state):
        raise ParameterError(
            f"The style {style!r} needs weights, but the file read holds masks alone.",
            hint="write the masks: --style mask.",
        )
    tensors = list(_tensors(state, style, threshold))
    with replacing(path) as file:
        if extension(path) in TORCH:
            _write_torch(tensors, file)
        else:
            write_safetensors(tensors, file, {"format": "pt", **(metadata or {})})


def _tensors(state: StateDict, style: Style, threshold: float) -> Iterator[StoredTensor]:
    for parameter in state.parameters.values():
        name = parameter_name(parameter.name)
        if style == "mask":
            yield _made(name, parameter, _mask_rows(parameter, threshold), None)
        elif style == "weights":
            yield replace(used_weight(parameter, threshold), name=name)
        elif parameter.weight is not None:
            yield replace(parameter.weight, name=f"{name}_orig")
            mask = _mask_rows(parameter, threshold, parameter.weight.form.storage)
            yield _made(f"{name}_mask", parameter, mask, parameter.weight)
    if style != "mask":
        for name, tensor in state.others.items():
            yield replace(tensor, name=name)


def _made(
    name: str, parameter: Parameter, rows: Callable[[int, int], Any], like: StoredTensor | None
) -> StoredTensor:
    return StoredTensor(name, parameter.shape, like.form if like else _BOOL, rows)


def _mask_rows(
    parameter: Parameter, threshold: float, storage: str = ""
) -> Callable[[int, int], Any]:
    """Return how rows of the mask are read: booleans, or ones of the type of the weight."""
    one: Any = True
    if storage and parameter.weight is not None:
        one = _ONES.get(parameter.weight.form.name, 1)

    def rows(first: int, last: int) -> Any:
        kept = kept_block(parameter, slice(first, last), threshold)
        return np.where(kept, one, 0).astype(storage) if storage else kept.astype(np.uint8)

    return rows


_ONES = {  # the codes of 1.0 in types that numpy has not
    "bfloat16": 0x3F80,
    "float8_e4m3fn": 0x38,
    "float8_e5m2": 0x3C,
    "float8_e4m3fnuz": 0x40,
    "float8_e5m2fnuz": 0x40,
}


def _write_torch(tensors: list[StoredTensor], file: Any) -> None:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError.of("torch", "train") from error
    budget = Budget()
    saved: dict[str, torch.Tensor] = {}
    for tensor in tensors:
        budget.hold(tensor.nbytes, f"the tensor {shown(tensor.name)!r}")
        codes = np.array(codes_of(tensor, Budget()), order="C")
        made = torch.from_numpy(codes.reshape(-1).view(f"i{codes.itemsize}"))
        is_bool = tensor.form.name == "bool"
        made = made != 0 if is_bool else made.view(getattr(torch, tensor.form.name))
        saved[tensor.name] = made.reshape(tensor.shape)
    torch.save(saved, file)
