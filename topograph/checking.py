"""Is a mask respected by the weights that were trained under it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from topograph.errors import ReadError, TopographError
from topograph.io.mask import checked_threshold
from topograph.io.mask_layouts import is_masked_when_used
from topograph.io.named_masks import NamedMasks, layer_name, turned
from topograph.io.number_formats import kept_codes
from topograph.io.state_dicts import Parameter, kept_block, parameter_blocks
from topograph.io.stored_tensors import check_readable

SHOWN = 5  # entries of a kind that are given by their indices

Entry = tuple[int, ...]


@dataclass(frozen=True)
class ParameterCheck:
    """How the weights of one parameter lie to its mask.

    Parameters
    ----------
    parameter : str
        As the file of weights calls it.
    shape : tuple of int
        Outputs first.
    n_kept : int
        Entries that the mask keeps.
    n_outside : int
        Weights that are not zero although the mask prunes them.
    outside : tuple of tuple of int
        The first of them, as indices from 0 into the parameter: (row, column) of a matrix.
    n_zero : int
        Weights that are zero although the mask keeps them.
    zeros : tuple of tuple of int
        The first of them.
    """

    parameter: str
    shape: tuple[int, ...]
    n_kept: int
    n_outside: int
    outside: tuple[Entry, ...]
    n_zero: int
    zeros: tuple[Entry, ...]

    def row(self) -> dict[str, Any]:
        """Return the values as JSON has them."""
        return {
            "parameter": self.parameter,
            "shape": list(self.shape),
            "kept": self.n_kept,
            "outside": self.n_outside,
            "first_outside": [list(entry) for entry in self.outside],
            "zero": self.n_zero,
            "first_zero": [list(entry) for entry in self.zeros],
        }


@dataclass(frozen=True)
class MaskCheck:
    """Whether weights respect a mask.

    Parameters
    ----------
    parameters : tuple of ParameterCheck
        Of the layers that both have.
    without_mask : tuple of str
        Layers with weights and no mask.
    without_weights : tuple of str
        Layers with a mask and no weights: their mask is not respected by anything.
    notes : tuple of str
        What was assumed.
    """

    parameters: tuple[ParameterCheck, ...]
    without_mask: tuple[str, ...] = ()
    without_weights: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_respected(self) -> bool:
        """Whether no weight lies outside the mask, and no mask is without weights."""
        return not self.without_weights and not any(one.n_outside for one in self.parameters)


def check_mask(
    weights: NamedMasks, mask: NamedMasks | None = None, threshold: float = 0.0
) -> MaskCheck:
    """Compare weights with a mask, entry by entry.

    Parameters
    ----------
    weights : NamedMasks
        As `topograph.io.read_named_masks` reads them; masks that the layer applies itself, such
        as those of torch.nn.utils.prune, are applied.
    mask : NamedMasks, optional
        By default the masks that lie beside the weights in their own file.
    threshold : float, default 0.0
        A weight ``w`` counts as zero where ``|w| <= threshold``.

    Returns
    -------
    MaskCheck

    Raises
    ------
    ReadError
        If the two have no layer in common, or one has another shape in each.
    GraphError
        If a weight is NaN or infinite.
    ParameterError
        If the threshold is negative or not finite.

    Examples
    --------
    >>> import os, tempfile
    >>> from topograph.io import read_named_masks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.npz")
    ...     np.savez(path, fc1=np.array([[0.0, 2.0], [1.0, 0.0]]))
    ...     weights = read_named_masks(path)
    ...     np.savez(path, fc1=np.array([[0, 1], [0, 1]]))
    ...     check = check_mask(weights, read_named_masks(path))
    >>> check.is_respected, check.parameters[0].outside, check.parameters[0].zeros
    (False, ((1, 0),), ((1, 1),))
    """
    threshold = checked_threshold(threshold)
    if mask is None:
        return _check_itself(weights, threshold)
    if not _common(weights, mask):
        raise ReadError(
            f"Weights and mask must have a layer of one name, but the weights have "
            f"{_some(weights)} and the mask {_some(mask)}.",
            hint="name the arrays of the mask as the layers are named.",
        )
    mask, notes = _same_way_round(weights, mask)
    of_mask = {layer_name(name): one for name, one in mask.state.parameters.items()}
    checked, without = [], []
    for name, parameter in weights.state.parameters.items():
        given = of_mask.pop(layer_name(name), None)
        if given is None:
            without.append(name)
        else:
            checked.append(_compared(parameter, given, threshold))
    left = tuple(one.name for one in of_mask.values())
    return MaskCheck(tuple(checked), tuple(without), left, notes)


def _check_itself(weights: NamedMasks, threshold: float) -> MaskCheck:
    parameters = weights.state.parameters
    masked = {name: one for name, one in parameters.items() if one.masks and one.weight}
    if not masked:
        raise ReadError(
            "Weights without a mask beside them need one to be checked against, but none is given.",
            hint="give it with --mask MASK.",
        )
    checked = [
        _compared(one, Parameter(name, one.shape, None, one.masks), threshold)
        for name, one in masked.items()
    ]
    return MaskCheck(tuple(checked), tuple(name for name in parameters if name not in masked))


def _common(weights: NamedMasks, mask: NamedMasks) -> list[tuple[Parameter, Parameter]]:
    of_mask = {layer_name(name): one for name, one in mask.state.parameters.items()}
    return [
        (one, of_mask[layer_name(name)])
        for name, one in weights.state.parameters.items()
        if layer_name(name) in of_mask
    ]


def _same_way_round(weights: NamedMasks, mask: NamedMasks) -> tuple[NamedMasks, tuple[str, ...]]:
    """Turn the mask where only that fits, and its file leaves it open."""
    pairs = _common(weights, mask)
    fits = all(one.shape == other.shape for one, other in pairs)
    if not (weights.is_assumed or mask.is_assumed):
        return mask, ()
    if not fits and all(one.shape == other.shape[::-1] for one, other in pairs):
        return turned(mask), ("The matrices of the mask were transposed: only so they fit.",)
    square = all(len(set(one.shape)) == 1 for one, _ in pairs if len(one.shape) == 2)
    is_open = fits and square and weights.is_assumed != mask.is_assumed
    note = (
        "Nothing says which side of the square matrices of one file are the outputs; the rows "
        "were taken."
    )
    return mask, (note,) if is_open else ()


def _compared(parameter: Parameter, mask: Parameter, threshold: float) -> ParameterCheck:
    if parameter.shape != mask.shape:
        raise ReadError(
            f"Parameter {parameter.name!r} must have the shape of its mask, {mask.shape}, but its "
            f"weights have {parameter.shape}.",
            hint="--mask must be of the same model; a mask of other rows needs --orientation.",
        )
    counts = dict.fromkeys(("kept", "outside", "zero"), 0)
    entries: dict[str, list[Entry]] = {"outside": [], "zero": []}
    for part in parameter_blocks(parameter):
        kept = kept_block(mask, part)
        there = _not_zero(parameter, part, threshold)
        counts["kept"] += int(np.count_nonzero(kept))
        for kind, found in (("outside", there & ~kept), ("zero", kept & ~there)):
            counts[kind] += int(np.count_nonzero(found))
            entries[kind] += _first(found, part.start, SHOWN - len(entries[kind]))
    return ParameterCheck(
        parameter.name,
        parameter.shape,
        counts["kept"],
        counts["outside"],
        tuple(entries["outside"]),
        counts["zero"],
        tuple(entries["zero"]),
    )


def _not_zero(parameter: Parameter, part: slice, threshold: float) -> Any:
    """Booleans: where the layer uses a weight that is not zero."""
    weight = parameter.weight
    if weight is None or is_masked_when_used(weight, parameter.masks):
        there = kept_block(parameter, part, threshold)
        if weight is None:
            return there
    try:
        check_readable(weight)
        large = kept_codes(weight.rows(part.start, part.stop), weight.form, threshold)
    except TopographError as error:
        raise error.within(f"parameter {parameter.name!r}") from error
    return large & there if is_masked_when_used(weight, parameter.masks) else large


def _first(found: Any, start: int, wanted: int) -> list[Entry]:
    if not wanted:
        return []
    places = np.flatnonzero(found)[:wanted]
    indices = np.stack(np.unravel_index(places, found.shape), axis=1)
    return [(start + int(first), *map(int, rest)) for first, *rest in indices]


def _some(named: NamedMasks) -> str:
    names: Mapping[str, Parameter] = named.state.parameters
    return ", ".join(list(names)[:3]) + (", ..." if len(names) > 3 else "")
