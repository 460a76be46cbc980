"""Masks of convolutions as a layered graph: their geometry, one layer after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy.typing as npt

from topograph.biadjacency import Biadjacency, Convolution, Pooling
from topograph.errors import ReadError, TopographError
from topograph.graph import Layer
from topograph.io.archive_operators import hold_operator
from topograph.io.convolution_masks import CONVOLUTIONS, masks_in
from topograph.io.json_values import pairs, said_briefly, whole, wholes
from topograph.io.limits import UNIT_BYTES, Budget
from topograph.io.mask import check_without_weights, layer_of
from topograph.io.part import Part
from topograph.io.zipped import Members

_RESIDUAL = ("resnet-20",)  # models whose files may be older than the key "joins"
_NAMED_MODEL = (
    "name the model, which says how they are joined: --model resnet20-blocks, for example, or "
    "package.module:factory of a net of your own, with --input-shape 3,32,32."
)


def read_convolution_chain(members: Members, threshold: float, budget: Budget) -> Part:
    """Read masks of convolutions as a chain of layers whose units are single activations.

    Raises
    ------
    ReadError
        If the layers do not follow one another, or their geometry does not fit.
    ParameterError
        If a threshold of 1 or more is asked for: masks have no weights.
    """
    check_without_weights(threshold)
    found = masks_in(members, budget)
    provenance = found.header["provenance"] | {"encoding": "unrolled"}
    try:
        json.dumps(provenance)
    except RecursionError as error:
        raise ReadError("The provenance must not be nested so deeply.") from error
    if provenance.get("model") in _RESIDUAL:
        raise ReadError(
            f"The masks are those of a {provenance['model']}, whose layers are joined by skips "
            f"that the file does not hold.",
            hint=_NAMED_MODEL,
        )
    layers: list[Layer] = []
    size = wholes(found.header, "input", CONVOLUTIONS)
    _hold_level(prod(size), budget)
    for number, said in enumerate(found.header["layers"], start=1):
        place = f"layer {number} ({said_briefly(said['name'])})"
        if said.get("joins", False) is not False:
            raise ReadError(
                f"{place} reads more than what the layer before it gives: the layers are no "
                f"chain, and the file does not hold how they are joined.",
                hint=_NAMED_MODEL,
            )
        given, got = wholes(said, "input", place), wholes(said, "output", place)
        if given != size and not (len(given) == 1 and given[0] == prod(size)):
            raise ReadError(
                f"{place} must read what the layer before it gives, of shape {size}, but it reads "
                f"shape {given}.",
                hint=_NAMED_MODEL,
            )
        unrolled: tuple[int, ...]
        if said["kind"] == "flatten":
            unrolled = (prod(given),)
        else:
            _hold_level(prod(got), budget)
            mask = found.masks.get(f"{said['name']}.weight")
            try:
                layer, unrolled = _layer(said, place, given, mask, budget)
            except TopographError as error:
                raise (error if place in error.message else error.within(place)) from error
            layers.append(layer)
        if got != unrolled:
            raise ReadError(f"{place} must give shape {unrolled}, but it says {got}.")
        size = got
    if not layers:
        raise ReadError("Masks of convolutions must be of at least one layer, but there is none.")
    return Part.chain(layers, provenance, is_in_out=True)


def _layer(
    said: Mapping[str, Any],
    place: str,
    given: tuple[int, ...],
    mask: npt.NDArray[Any] | None,
    budget: Budget,
) -> tuple[Layer, tuple[int, ...]]:
    """Return a layer and the shape of what it gives."""
    name, kind = said["name"], said["kind"]
    if kind in ("convolution", "linear") and mask is None:
        raise ReadError(f"{place} must have a mask, but it has none.")
    if kind == "linear":
        if len(given) != 1:
            raise ReadError(f"{place} must read one row of units, but it reads shape {given}.")
        assert mask is not None  # noqa: S101  checked above
        if mask.shape[1] != given[0]:
            raise ReadError(f"{place} must read {mask.shape[1]} units, but it reads {given[0]}.")
        return layer_of(name, mask.T, 0.0, budget), (mask.shape[0],)
    channels, sides = given[0], given[1:]
    geometry: dict[str, Any] = {
        "stride": wholes(said, "stride", place),
        "padding": pairs(said, "padding", place),
        "dilation": wholes(said, "dilation", place),
    }
    operator: Biadjacency
    if kind == "convolution":
        groups = whole(said, "groups", place)
        operator = Convolution(mask, sides, **geometry, groups=groups)  # type: ignore[arg-type]
        if operator.c_in != channels:
            raise ReadError(f"{place} must read {operator.c_in} channels, but it reads {channels}.")
        got = (operator.c_out, *operator.output_size)
    else:
        ceil_mode = said.get("ceil_mode")
        if type(ceil_mode) is not bool:
            raise ReadError(
                f"ceil_mode of {place} must be true or false, but it is {said_briefly(ceil_mode)}."
            )
        window = wholes(said, "size", place)
        for pad, side, spread in zip(
            geometry["padding"], window, geometry["dilation"], strict=False
        ):
            span = spread * (side - 1) + 1
            if 2 * max(pad) > span:  # as in PyTorch; and so no more windows than positions
                raise ReadError(
                    f"The padding of {place} must be at most half of {span} positions, which its "
                    f"window spans, but it is {max(pad)}."
                )
        operator = Pooling.windows(channels, sides, window, ceil_mode=ceil_mode, **geometry)
        got = (channels, *operator.output_size)
    hold_operator(operator, budget)
    return Layer(name, 0, 1, operator), got


def _hold_level(width: int, budget: Budget) -> None:
    budget.check_width(width)
    budget.hold(width * UNIT_BYTES, f"a level of {width} units")
