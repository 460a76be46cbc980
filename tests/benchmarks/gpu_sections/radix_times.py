"""Which form for RadiX layers?"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from tests.benchmarks.gpu_sections.arithmetic import rounding_to
from tests.benchmarks.gpu_sections.bench import Bench, Row
from tests.benchmarks.gpu_sections.radix_forms import FORMS, Form, RadixCase
from topograph.biadjacency import Kronecker


def radix(bench: Bench) -> Iterator[Row]:
    """Time the forms of RadiX layers: forward, and with the gradients on weights and inputs.

    Gradients of BSR are by hand, as autograd has none for its values on CUDA: a stored
    transpose, and batched products of gathered blocks.
    """
    factors, widths, strides = (16, 32), (16384, 65536), (1, 8)
    if bench.is_quick:
        factors, widths, strides = (16,), (256,), (2,)
    radix = 2 if bench.is_quick else 8
    for width, factor, stride in itertools.product(widths, factors, strides):
        layer = Kronecker(width // factor, radix, stride, factor, factor)
        expected = None
        for name, (make, arithmetics) in FORMS.items():
            for arithmetic in arithmetics:
                if not bench.has_time():
                    return
                kind = torch.bfloat16 if arithmetic == "bf16" else torch.float32
                with rounding_to(arithmetic):
                    found, why = bench.tried(
                        functools.partial(_form_times, make, RadixCase(bench, layer, kind))
                    )
                outputs, times, gradients_why = found or (None, (None, None, None), "")
                if expected is None:
                    expected = outputs
                is_known = outputs is not None and expected is not None
                yield {
                    "D": factor,
                    "width": width,
                    "stride": stride,
                    "form": name,
                    "arithmetic": arithmetic,
                    "forward, ms": times[0],
                    "with gradients, ms": times[1],
                    "peak, MiB": times[2],
                    "apart by": _apart(outputs, expected) if is_known else None,
                    "note": why or gradients_why,
                }


def _form_times(
    make: Callable[[RadixCase], Form], case: RadixCase
) -> tuple[Tensor, tuple[float, float | None, float | None], str]:
    """Return outputs on the CPU, both times and the peak memory, and why there is no second."""
    forward, step = make(case)
    outputs = forward().float().cpu()
    seconds = 1e3 * case.bench.best(forward)
    with_gradients, why = case.bench.tried(lambda: 1e3 * case.bench.best(step))
    peak = case.bench.peak()
    said = f"forward only: {why}" if why else ""
    return outputs, (seconds, with_gradients, None if peak is None else peak / 2**20), said


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())
