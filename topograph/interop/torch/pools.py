"""Operations that read windows: poolings, means and interpolation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from topograph.biadjacency import Pooling, Windows
from topograph.interop.torch.moves import moved
from topograph.interop.torch.step import Handler, Step
from topograph.interop.units.signals import Signal

_REDUCTIONS = """
    sum mean amax amin var std var_mean std_mean norm linalg_vector_norm logsumexp nanmean nansum
    aminmax
"""
_LINEAR = ("linear", "bilinear", "trilinear")


def _pool(step: Step) -> Any:
    """``max_pool`` and ``avg_pool``, whose arguments differ in order."""
    signal, n_axes = step.only_signal(), _n_axes(step)
    is_average = step.name.startswith("avg")
    dilation = 1 if is_average else step.argument(4, "dilation", 1)
    ceil_mode = step.argument(4 if is_average else 5, "ceil_mode", False)
    stride = step.argument(2, "stride")
    pooling = Pooling.windows(
        1,
        signal.shape[-n_axes:],
        _some(step.argument(1, "kernel_size"), n_axes),
        None if stride is None or stride == [] else _some(stride, n_axes),
        _some(step.argument(3, "padding", 0), n_axes),
        _some(dilation, n_axes),
        bool(ceil_mode),
    )
    made = step.encoding.pool(signal, pooling.axes, step.label)
    several = "with_indices" in step.name or step.kwargs.get("return_indices")
    return (made, None) if several else made


def _adaptive(step: Step) -> Any:
    signal, n_axes = step.only_signal(), _n_axes(step)
    pooling = Pooling.adaptive(1, signal.shape[-n_axes:], step.shape[-n_axes:])
    made = step.encoding.pool(signal, pooling.axes, step.label)
    several = step.name.startswith("adaptive_max") and isinstance(step.node.meta["value"], tuple)
    return (made, None) if several else made


def _reduction(step: Step) -> Any:
    """Sums, means and other statistics along axes."""
    signal = step.only_signal()
    place_of_dim = 2 if step.name in ("norm", "linalg_vector_norm") else 1
    given = step.argument(place_of_dim, "dim", step.kwargs.get("axis"))
    if isinstance(given, bool | torch.dtype):
        given = None
    rank = len(signal.shape)
    chosen = range(rank) if given is None or given == [] else given
    places = {int(place) % rank for place in (chosen if not isinstance(chosen, int) else [chosen])}
    bare = step.wiring.bare(signal)
    first = min(places)
    axes = [
        _whole(width) if place in places else _single(width)
        for place, width in enumerate(signal.shape)
        if place >= first
    ]
    found = step.encoding.pool(bare, axes, step.label).viewed(step.shape)
    kept = replace(found, statistic_of=bare.terms)
    value = step.node.meta["value"]
    return kept if isinstance(value, torch.Tensor) else _pair(step, kept)


def _pair(step: Step, kept: Signal) -> tuple[Any, Any]:
    return (kept, kept) if step.name in ("var_mean", "std_mean", "aminmax") else (kept, None)


def _interpolation(step: Step) -> Signal:
    signal = step.only_signal()
    mode = str(step.kwargs.get("mode", step.argument(3, "mode", "nearest")))
    if step.name.startswith("upsample_"):
        mode = step.name.removeprefix("upsample_").rstrip("123d")
    if mode.startswith("nearest"):
        made: Signal = moved(step)
        return made
    n_axes = len(signal.shape) - 2
    size = step.shape[-n_axes:]
    if mode == "area":
        axes = Pooling.adaptive(1, signal.shape[-n_axes:], size).axes
    elif mode in _LINEAR:
        axes = tuple(
            _read_linearly(step, n_in, n_out, scale)
            for n_in, n_out, scale in zip(
                signal.shape[-n_axes:], size, _scales(step, n_axes), strict=True
            )
        )
    else:
        step.refuse(f"interpolation of mode {mode!r} reads entries that are not known.")
    return step.encoding.pool(signal, axes, step.label)


def _scales(step: Step, n_axes: int) -> list[float | None]:
    """Return the factor by which torch places what it reads; None where the sizes tell."""
    given: Any
    if step.name == "interpolate":
        if step.argument(6, "antialias"):
            step.refuse("interpolation with antialias reads entries that are not known.")
        given = (
            None if step.argument(5, "recompute_scale_factor") else step.argument(2, "scale_factor")
        )
    else:
        given = step.argument(3, "scale_factors")
        if not isinstance(given, list | tuple):
            names = ("scales_d", "scales_h", "scales_w")[-n_axes:] if n_axes > 1 else ("scales",)
            given = [step.argument(3 + place, name) for place, name in enumerate(names)]
    if isinstance(given, int | float):
        given = [given] * n_axes
    return (
        [None] * n_axes if given is None else [one if one is None else float(one) for one in given]
    )


def _read_linearly(step: Step, n_in: int, n_out: int, scale: float | None) -> Windows:
    """Find out what each position reads by interpolating one position at a time."""
    aligned = (
        step.argument(2, "align_corners")
        if step.name != "interpolate"
        else (step.argument(4, "align_corners"))
    )
    units = torch.eye(n_in, dtype=torch.float64)[:, None]
    how: dict[str, Any] = {"size": n_out} if scale is None else {"scale_factor": scale}
    if scale is not None:
        how["recompute_scale_factor"] = False
    read = functional.interpolate(units, mode="linear", align_corners=bool(aligned), **how)
    if read.shape[-1] != n_out:
        step.refuse(f"{n_out} places come out, but a factor of {scale} makes {read.shape[-1]}.")
    some = (read[:, 0] != 0).numpy()
    return Windows(n_in, some.argmax(axis=0), n_in - some[::-1].argmax(axis=0))


def _n_axes(step: Step) -> int:
    return int(step.name.split("_with_")[0][-2])


def _some(value: Any, n_axes: int) -> Any:
    if isinstance(value, tuple | list):
        return tuple(value) * (n_axes if len(value) == 1 else 1)
    return value


def _whole(width: int) -> Windows:
    return Windows(width, np.array([0]), np.array([width]))


def _single(width: int) -> Windows:
    return Windows(width, np.arange(width), np.arange(width) + 1)


HANDLERS: dict[str, Handler] = {
    **{f"{kind}_pool{d}d": _pool for kind in ("max", "avg") for d in (1, 2, 3)},
    **{f"max_pool{d}d_with_indices": _pool for d in (1, 2, 3)},
    **{f"adaptive_{kind}_pool{d}d": _adaptive for kind in ("max", "avg") for d in (1, 2, 3)},
    **{f"adaptive_max_pool{d}d_with_indices": _adaptive for d in (1, 2, 3)},
    **dict.fromkeys(
        _REDUCTIONS.split(),
        _reduction,
    ),
    **dict.fromkeys(
        (
            "interpolate",
            "upsample",
            "upsample_linear1d",
            "upsample_bilinear2d",
            "upsample_trilinear3d",
        ),
        _interpolation,
    ),
}
