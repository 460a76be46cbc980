"""What does TF32 bring, and what does it change?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.gpu_sections.arithmetic import rounding_to
from tests.benchmarks.gpu_sections.bench import Bench, Row
from tests.benchmarks.gpu_sections.subjects import (
    advance_of,
    engine_for,
    members_for,
    noise,
    topology_epochs,
)


def tf32(bench: Bench) -> Iterator[Row]:
    """Train the same ensemble in fp32, twice, and in TF32."""
    data = noise(bench)
    order = bench.order(data, 10 if bench.is_quick else 100)
    for n_members in (2,) if bench.is_quick else (256, 32):
        members = members_for(bench, 0.1, n_members)
        first: Any = None
        for again, name in enumerate(("fp32", "fp32", "TF32")):
            if not bench.has_time():
                return
            bench.forget_peak()
            with rounding_to(name):
                engine = engine_for(bench, "dense", members)
                losses = engine.advance(order, [0.05] * len(order))
                logits = engine.infer(data.test_images.flatten(1)).logits
                accuracy = float((logits.argmax(dim=2) == data.test_labels).double().mean())
                rate = topology_epochs(bench, advance_of(engine), n_members)
            first = losses if first is None else first
            differences = np.abs(losses - first)
            yield {
                "nets": n_members,
                "arithmetic": "fp32 again" if again == 1 else name,
                "topology-epochs/s": rate,
                "largest difference of losses": float(differences.max()),
                f"largest at step {len(order)}": float(differences[-1].max()),
                "mean loss at that step": float(losses[-1].mean()),
                "mean accuracy then": accuracy,
            }
