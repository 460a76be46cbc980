"""In which arithmetic are products taken?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

ARITHMETICS = ("fp32", "TF32")


def set_arithmetic(name: str) -> None:
    """Let products and convolutions round to TF32, or not."""
    is_rounded = name == "TF32"
    # the older of two ways to say it, for both: torch refuses a mixture
    torch.set_float32_matmul_precision("high" if is_rounded else "highest")
    torch.backends.cudnn.allow_tf32 = is_rounded


@contextmanager
def rounding_to(name: str) -> Iterator[None]:
    set_arithmetic(name)
    try:
        yield
    finally:
        set_arithmetic("fp32")
