"""CIFAR-10 in small, as its batches come."""

from __future__ import annotations

import numpy as np

CLASSES = [f"class{number}" for number in range(10)]


def batches(rng, count=20):
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    return {
        name: (
            rng.integers(0, 256, (count, 3072), dtype=np.uint8),
            np.arange(count, dtype=np.uint8) % 10,
        )
        for name in names
    }


def as_binary(pixels, labels):
    return np.concatenate([labels[:, None], pixels], axis=1).tobytes()
