"""Which way do ensembles of convolutions go?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tests.benchmarks.gpu_sections.arithmetic import ARITHMETICS, rounding_to
from tests.benchmarks.gpu_sections.bench import Bench, Row


@dataclass(frozen=True)
class Convolutions:
    """Convolutions with ReLU and 2 x 2 pooling, for several nets."""

    size: int
    channels: tuple[int, ...]
    kernel: int

    def layer(self, values: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
        """Map values of shape (n, groups * channels, height, width)."""
        found = functional.conv2d(values, weight, padding=self.kernel // 2, groups=groups)
        return functional.max_pool2d(found.relu(), 2)

    def one(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of one net."""
        for weight in weights:
            images = self.layer(images, weight)
        return images

    def grouped(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets: the first layer one convolution, then a group each."""
        n_nets, values = len(weights[0]), images
        for number, weight in enumerate(weights):
            values = self.layer(values, weight.flatten(0, 1), n_nets if number else 1)
        return values.unflatten(1, (n_nets, -1)).transpose(0, 1)

    def mapped(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets by ``torch.func.vmap``."""
        return torch.func.vmap(self.one, in_dims=(None, 0))(images, tuple(weights))

    def unfolded(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets by batched products with patches of the images."""
        n_nets, n_images, values = len(weights[0]), len(images), images[None]
        size, margin = self.kernel, (self.kernel // 2,) * 4
        for weight in weights:
            side, n_held = values.shape[-1], len(values)
            # not functional.unfold, which on CUDA goes through the images one by one
            windows = functional.pad(values, margin).unfold(3, size, 1).unfold(4, size, 1)
            columns = windows.permute(0, 2, 5, 6, 1, 3, 4).flatten(1, 3).flatten(2)
            rows = weight.flatten(2)
            if n_held == 1:  # the images, which all nets share
                found = (rows.flatten(0, 1) @ columns[0]).unflatten(0, (n_nets, -1))
            else:
                found = rows.bmm(columns)
            shaped = found.unflatten(2, (n_images, side, side)).transpose(1, 2)
            values = functional.max_pool2d(shaped.relu().flatten(0, 1), 2)
            values = values.unflatten(0, (n_nets, n_images))
        return values


def convolutions(bench: Bench) -> Iterator[Row]:
    """Time forward and backward through the convolutions of an ensemble, masks on gradients."""
    nets = {
        "lenet-5": Convolutions(28, (1, 20, 50), 5),
        "conv-net": Convolutions(32, (3, 32, 64, 128), 3),
    }
    if bench.is_quick:
        nets = {"tiny": Convolutions(8, (1, 2, 3), 3)}
    torch.backends.cudnn.benchmark = True  # shapes do not change: let cuDNN try its kernels
    try:
        for n_nets in (2,) if bench.is_quick else (32, 8, 128):
            for (name, net), arithmetic in itertools.product(nets.items(), ARITHMETICS):
                if not bench.has_time():
                    return
                with rounding_to(arithmetic):
                    found = _convolution_rates(bench, net, n_nets)
                yield {"net": name, "nets": n_nets, "arithmetic": arithmetic} | found
    finally:
        torch.backends.cudnn.benchmark = False


def _convolution_rates(bench: Bench, net: Convolutions, n_nets: int) -> Row:
    """Return images times nets per second of each way, and how far gradients are apart."""
    sizes = itertools.pairwise(net.channels)
    weights, masks = [], []
    for number, (n_in, n_out) in enumerate(sizes):
        shape = (n_nets, n_out, n_in, net.kernel, net.kernel)
        masks.append((bench.randn(*shape, seed=number + 20) > 1).float())  # 16 % are kept
        weights.append(bench.randn(*shape, seed=number) * masks[-1] / (n_in * net.kernel))
    images = bench.randn(bench.batch, net.channels[0], net.size, net.size, seed=9)
    upstream = bench.randn(*net.one(images, [weight[0] for weight in weights]).shape, seed=8)
    stacked = [weight.requires_grad_() for weight in weights]
    apart = [
        [weight.detach()[number].clone().requires_grad_() for weight in weights]
        for number in range(n_nets)
    ]

    def loop() -> list[Tensor]:
        found = []
        for number, own in enumerate(apart):
            gradients = torch.autograd.grad(net.one(images, own), own, upstream)
            torch._foreach_mul_(list(gradients), [mask[number] for mask in masks])
            found.append(gradients)
        return [torch.stack(layer) for layer in zip(*found, strict=True)]

    def together(forward: Callable[[Tensor, Sequence[Tensor]], Tensor]) -> list[Tensor]:
        outputs = forward(images, stacked)
        gradients = list(torch.autograd.grad(outputs, stacked, upstream.expand_as(outputs)))
        torch._foreach_mul_(gradients, masks)
        return gradients

    ways: dict[str, Callable[[], list[Tensor]]] = {
        "loop": loop,
        "grouped": lambda: together(net.grouped),
        "vmap": lambda: together(net.mapped),
        "patches and bmm": lambda: together(net.unfolded),
    }
    expected, rates, notes, apart_by = loop(), {}, [], 0.0
    for name, way in ways.items():
        found, why = bench.tried(lambda way=way: (way(), bench.best(way)))
        rates[name] = None if found is None else n_nets * bench.batch / found[1]
        notes += [f"{name}: {why}"] if why else []
        if found is not None:
            pairs = zip(found[0], expected, strict=True)
            far = max(float((one - two).abs().max() / two.abs().max()) for one, two in pairs)
            apart_by = max(apart_by, far)
    return rates | {"gradients apart by": apart_by, "note": "; ".join(notes)}
