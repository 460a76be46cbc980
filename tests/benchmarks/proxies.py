"""Time the proxies of trainability: of masks as their density falls, and of models.

Seconds of process time on one core, the best of several repeats, for 32 images of MNIST's size;
the pixels are random, which changes no cost.

    OMP_NUM_THREADS=1 python tests/benchmarks/proxies.py [MODEL ...]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from topograph.generators import family_net
from topograph.training import MODERN, Dataset, build_model, prunable_parameters
from topograph.training.engines.member import Member
from topograph.training.models import MODELS
from topograph.training.proxies import ModuleProbe, ProxyValues, proxies, proxies_of
from topograph.training.proxies.collecting import PROXIES

WIDTHS, DENSITIES = (784, 300, 100, 10), (1.0, 0.1, 0.01)
IMAGES = 32


def main() -> None:
    """Print a table of densities and one of models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["conv-net", "resnet-20", "lenet-5"])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    for model in asked.models:
        if model not in MODELS:
            parser.error(f"a model must be one of {', '.join(MODELS)}, but {model!r} is none")
    torch.set_num_threads(1)
    data = _random_images()
    print("| density | edges | seconds |\n|---|---|---|")  # noqa: T201
    for density in DENSITIES:
        graph = family_net("uniform", WIDTHS, density=density, seed=0)
        member = Member.of_graph(graph)
        taken = _best(lambda member=member: proxies(member, MODERN, data), asked.repeats)
        print(f"| {density:g} | {graph.n_edges:,} | {taken:.2g} |", flush=True)  # noqa: T201
    print("\n| model | weights | kernel | the other proxies together |\n|---|---|---|---|")  # noqa: T201
    for model in asked.models:
        kernel, others, n_weights = _of_model(model, data, asked.repeats)
        print(f"| {model} | {n_weights:,} | {kernel:.2g} | {others:.2g} |", flush=True)  # noqa: T201


def _random_images() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(IMAGES, 1, 28, 28, generator=generator)
    labels = torch.arange(IMAGES) % 10
    return Dataset("random", images, labels, images, labels, 10, verified=False)


def _of_model(model: str, data: Dataset, repeats: int) -> tuple[float, float, int]:
    """Return seconds of the kernel's proxies and of the others, and the number of weights.

    What proxies share, such as the kernel's singular values, is computed once for a probe.
    """
    module = build_model(model, data.shape)

    def probe() -> ModuleProbe:
        return ModuleProbe.of_module(module, data.train_images, data.train_labels)

    def kernel() -> None:
        fresh = probe()
        for name, function in PROXIES.items():
            if name.startswith("ntk"):
                function(fresh)

    whole = _best(lambda: proxies_of(probe()), repeats)
    part = _best(kernel, repeats)
    n_weights = sum(weight.numel() for weight in prunable_parameters(module).values())
    return part, max(0.0, whole - part), n_weights


def _best(job: Callable[[], ProxyValues | None], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        job()
        taken.append(time.process_time() - start)
    return min(taken)


if __name__ == "__main__":
    main()
