"""Which tensors of a state dict are weights, which are masks, and of what?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from topograph.errors import ReadError
from topograph.io.bitmask_tensors import END, PARTS, is_bitmask, opened_bitmask
from topograph.io.limits import Budget
from topograph.io.paths import shown
from topograph.io.stored_tensors import StoredTensor

_PARAMETRIZED = re.compile(r"(.*?)parametrizations\.([^.]+)\.(original\d*|\d+\.(?:.*\.)?mask)")
_PACKED = re.compile(r"(?:.*\.)?(?:qweight|qzeros|weight_packed|weight_zero_point|weight\.absmax)")
_EMBEDDING = re.compile(
    r"(?:.*\.)?(?:wte|wpe|shared|(?:\w*_)?embeddings?(?:_table)?|embed_tokens|embed_positions|"
    r"(?:(?:word|token|tok|pos|position)_)?emb(?:ed)?)"
    r"\.weight"
)
_PREFIXES = ("module.", "_orig_mod.")

PLAIN = "Entries of the weights that are not zero were taken as edges."
_PRUNE = "Masks were taken from X_mask beside X_orig, as torch.nn.utils.prune stores them."
_PARAMETRIZATION = "Masks were taken from X.parametrizations.weight.0.mask."
_BUFFER = "Masks were taken from the mask buffers beside the weights."
_MASKS = "Masks were taken from X_mask; the file has no weights for them."
_BITMASK = "Masks were taken from the bitmasks of compressed-tensors."


@dataclass
class Found:
    """The tensors that make up one parameter, as far as they are found yet."""

    weight: StoredTensor | None = None
    masks: list[StoredTensor] = field(default_factory=list)


def without_prefix(
    tensors: Mapping[str, StoredTensor],
) -> tuple[dict[str, StoredTensor], list[str]]:
    """Take off what DataParallel and torch.compile put before all names; notes say so."""
    notes = []
    named = dict(tensors)
    while prefix := next(
        (p for p in _PREFIXES if named and all(n.startswith(p) for n in named)), ""
    ):
        if prefix.rstrip(".") in {name.rstrip(".") for name in named}:
            break
        named = {name.removeprefix(prefix): tensor for name, tensor in named.items()}
        notes.append(f"The prefix {prefix!r} of all names was taken off.")
    return named, notes


def is_layer(name: str, found: Found) -> bool:
    """Whether a parameter is called as the weights of layers are."""
    return bool(found.masks) or "weight" in name.rpartition(".")[2]


def is_masked_when_used(weight: StoredTensor, masks: Sequence[StoredTensor]) -> bool:
    """Whether the layer itself multiplies the stored weight by its masks."""
    return weight.name.endswith(("_orig", ".original")) or any(
        mask.name.endswith(END) for mask in masks
    )


def is_embedding(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a parameter is a table of embeddings, going by its name.

    Examples
    --------
    >>> is_embedding("model.embed_tokens.weight", (32000, 4096))
    True
    >>> is_embedding("patch_embed.weight", (64, 48)), is_embedding("word_emb.weight", (64, 48))
    (False, True)
    """
    return len(shape) == 2 and bool(_EMBEDDING.fullmatch(name))


def sorted_out(
    tensors: Mapping[str, StoredTensor], budget: Budget
) -> tuple[dict[str, Found], list[str]]:
    """Put the tensors of each parameter together, whatever the layout; notes say which.

    Raises
    ------
    ReadError
        If a mask has no weight where the layout needs one, a weight no mask, or the file holds
        numbers whose zeros say nothing.
    """
    parameters: dict[str, Found] = {}
    notes: dict[str, None] = {}
    parts = {
        name.removesuffix(END) + part
        for name in tensors
        if is_bitmask(name, tensors)
        for part in PARTS
    }
    for name, tensor in tensors.items():
        if _PACKED.fullmatch(name):
            raise ReadError(
                f"Weights must be numbers of which zero is a pruned one, but {shown(name)!r} "
                f"belongs to packed or shifted integers.",
                hint="save the model with its weights dequantised.",
            )
        if name in parts:
            if name.endswith(END):
                stem = name.removesuffix(END)
                base = stem if stem.endswith("weight") else f"{stem}.weight"
                weight, mask = opened_bitmask(stem, tensors, budget)
                parameters[base] = Found(weight, [mask])
                notes[_BITMASK] = None
            continue
        base, is_mask, note = _role(name, tensors)
        found = parameters.setdefault(base, Found())
        if is_mask:
            found.masks.append(tensor)
        else:
            found.weight = tensor
        if note:
            notes[note] = None
    for name, found in parameters.items():
        _check_shapes(name, found)
    return parameters, list(notes)


def _role(name: str, tensors: Mapping[str, StoredTensor]) -> tuple[str, bool, str]:
    """Return the parameter a tensor belongs to, whether as its mask, and what to note."""
    if match := _PARAMETRIZED.fullmatch(name):
        return _parametrized(match, tensors)
    if name.endswith("_orig"):
        base = name.removesuffix("_orig")
        if f"{base}_mask" in tensors:
            return base, False, ""
        if f"{base}_u" not in tensors:  # of spectral norm, whose zeros are those of the weight
            raise ReadError(
                f"{shown(name)!r} must come with {shown(base)}_mask, as torch.nn.utils.prune "
                f"stores it, but there is none."
            )
        return base, False, ""
    base = name.removesuffix("_mask")
    if base != name:
        if f"{base}_orig" in tensors:
            return base, True, _PRUNE
        if base in tensors:
            return base, True, _BUFFER
        if "weight" in base.rpartition(".")[2]:
            return base, True, _MASKS
    head, _, last = name.rpartition(".")
    beside = tensors.get(f"{head}.weight" if head else "weight")
    if last == "mask" and beside is not None and beside.shape == tensors[name].shape:
        return (f"{head}.weight" if head else "weight"), True, _BUFFER
    return name, False, ""


def _parametrized(
    match: re.Match[str], tensors: Mapping[str, StoredTensor]
) -> tuple[str, bool, str]:
    start = f"{match[1]}parametrizations.{match[2]}."
    base = match[1] + match[2]
    has_mask = any(
        other.startswith(start) and other.endswith(".mask") and other != f"{start}mask"
        for other in tensors
    )
    if not has_mask or f"{start}original" not in tensors:
        raise ReadError(
            f"A parametrized weight must be stored with its mask, {shown(start)}original and "
            f"{shown(start)}0.mask, but {shown(base)!r} has no such pair.",
            hint="torch.nn.utils.parametrize.remove_parametrizations puts the weight itself back.",
        )
    return base, match[3] != "original", _PARAMETRIZATION


def _check_shapes(name: str, found: Found) -> None:
    shape = found.weight.shape if found.weight else found.masks[0].shape
    for mask in found.masks:
        if mask.shape != shape:
            raise ReadError(
                f"The mask of {shown(name)!r} must have the shape of the weight, {shape}, but "
                f"{shown(mask.name)!r} has {mask.shape}."
            )
