"""Time training steps of nets with convolutions where freed memory is given back, and where kept.

Milliseconds of process time a step and page faults a step, the median of several repeats in
processes of their own, taken in turn; batches of 100 random images as MNIST's. Machines are
noisy: read the ratio.

    python tests/benchmarks/freed_memory.py [MODEL ...]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch

from topograph.training import ALFORD_2018, Dataset, build_model
from topograph.training.fitting import fit
from topograph.training.heap import keep_freed_memory

MODELS = ("conv-net", "lenet-5", "resnet-20")
STEPS = 20


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=MODELS, help=f"of {', '.join(MODELS)}")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--here", choices=["given back", "kept"], help="measure in this process")
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(_measured(asked.models[0], asked.here == "kept")))  # noqa: T201
        return
    print("| model | given back | faults | kept | faults | |")  # noqa: T201
    print("| --- | ---: | ---: | ---: | ---: | ---: |")  # noqa: T201
    for model in asked.models:
        found: dict[str, list[list[float]]] = {"given back": [], "kept": []}
        for _ in range(asked.repeats):
            for way, values in found.items():
                run = [sys.executable, __file__, model, "--here", way]
                done = subprocess.run(run, check=True, capture_output=True, text=True)
                values.append(json.loads(done.stdout))
        cells, times = [], []
        for values in found.values():
            taken, faults = (statistics.median(column) for column in zip(*values, strict=True))
            cells.append(f"{taken:.0f} ms | {faults:,.0f}")
            times.append(taken)
        print(f"| {model} | {' | '.join(cells)} | x{times[1] / times[0]:.2f} |", flush=True)  # noqa: T201


def _measured(model: str, is_kept: bool) -> tuple[float, float]:
    """Return milliseconds and page faults of a step, the third time that a net is trained."""
    torch.set_num_threads(1)
    if is_kept and not keep_freed_memory():
        sys.exit("The C library has no such setting.")
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(1000, 1, 28, 28, generator=generator)
    labels = torch.arange(1000) % 10
    data = Dataset("random", images, labels, images[:10], labels[:10], 10, verified=False)
    net = build_model(model, (1, 28, 28))
    for _ in range(3):
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.process_time()
        fit(net, data, ALFORD_2018, n_steps=STEPS, device="cpu")
        taken = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * taken / STEPS, (after.ru_minflt - before.ru_minflt) / STEPS


if __name__ == "__main__":
    main()
