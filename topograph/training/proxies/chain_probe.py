"""The probe of a chain of sparse layers: nothing dense is made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import check_members
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Indices, Pattern
from topograph.training.proxies.probing import (
    N_IMAGES,
    Floats,
    Probe,
    check_finite,
    check_size,
    images_to_probe,
    targets_of,
)
from topograph.training.recipes import Recipe

_CHUNK = 1 << 22  # values at once


@dataclass(frozen=True, eq=False)
class ChainProbe(Probe):
    """A chain of sparse layers, swept once by some images.

    Time and memory grow with edges times images.

    Parameters
    ----------
    patterns : tuple of Pattern
        One a layer.
    weights : tuple of csr_array, shape (n_out, n_in)
        Of each layer; the stored values are in the order of the pattern.
    inputs : tuple of ndarray, shape (n_in, n_images)
        What enters each layer.
    slopes : tuple of ndarray, shape (n_out, n_images)
        The derivative of a unit's value by its sum: 0 or 1 where it is rectified, else 1.
    logits : ndarray, shape (n_classes, n_images)
    targets : ndarray, shape (n_classes, n_images)
        What the loss compares the classes with; each column has the sum 1.

    Examples
    --------
    >>> import torch
    >>> from topograph.toy import butterfly
    >>> from topograph.training import MODERN
    >>> images, labels = torch.ones(3, 1, 2, 2), torch.tensor([0, 1, 3])
    >>> data = Dataset("ones", images, labels, images, labels, 4, verified=False)
    >>> probe = ChainProbe.of_member(Member.of_graph(butterfly()), MODERN, data, n_images=2)
    >>> probe.n_images, probe.logits.shape
    (2, (4, 2))
    """

    patterns: tuple[Pattern, ...]
    weights: tuple[Any, ...]
    inputs: tuple[Floats, ...]
    slopes: tuple[Floats, ...]
    logits: Floats
    targets: Floats

    @classmethod
    def of_member(
        cls,
        member: Member,
        recipe: Recipe,
        data: Dataset,
        *,
        n_images: int = N_IMAGES,
        seed: int = 0,
        parameters: Sequence[LayerParameters] | None = None,
    ) -> Self:
        """Send training images through a member.

        Parameters
        ----------
        member : Member
        recipe : Recipe
            Its initialisation, biases, ``relu_logits`` and ``label_smoothing`` are followed.
        data : Dataset
            Prepared for the recipe.
        n_images : int, default 32
            The first so many in an order drawn from the seed.
        seed : int, default 0
            Of that order; the initial weights have the member's own.
        parameters : sequence of LayerParameters, optional
            Weights and biases, one a layer; by default the initial ones.

        Raises
        ------
        ParameterError
            If member, data and parameters do not fit, there are fewer images, or the recipe
            normalises batches.
        """
        check_members([member], data, recipe)
        images, labels = images_to_probe(data, n_images, seed)
        layers = initial_parameters(member, recipe) if parameters is None else parameters
        _check_parameters(member, layers)
        weights, inputs, slopes = [], [], []
        values = images.flatten(1).numpy().T
        with np.errstate(over="ignore", invalid="ignore"):  # of a net that diverged
            for number, (pattern, layer) in enumerate(zip(member.patterns, layers, strict=True)):
                content = layer.weights.detach().double().cpu().numpy()
                n_in, n_out = pattern.shape
                weights.append(
                    sparse.csr_array(
                        (content, pattern.sources, pattern.offsets), shape=(n_out, n_in)
                    )
                )
                inputs.append(values)
                sums = weights[-1] @ values
                if layer.biases is not None:
                    sums = sums + layer.biases.detach().double().cpu().numpy()[:, None]
                is_rectified = number < len(member.patterns) - 1 or recipe.relu_logits
                slopes.append((sums > 0).astype(float) if is_rectified else np.ones_like(sums))
                values = np.maximum(sums, 0) if is_rectified else sums
        targets = targets_of(labels, data.n_classes, recipe.label_smoothing)
        return cls(member.patterns, tuple(weights), tuple(inputs), tuple(slopes), values, targets)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level."""
        return (self.patterns[0].shape[0], *(pattern.shape[1] for pattern in self.patterns))

    @property
    def n_inputs(self) -> int:
        """Values of an image."""
        return self.widths[0]

    @property
    def edges(self) -> tuple[int, ...]:
        """Edges of each layer."""
        return tuple(pattern.n_edges for pattern in self.patterns)

    def gradient_norms(self) -> tuple[float, ...]:
        """Return the norm of the loss gradient on the edges of each layer."""
        slopes = (_softmax(self.logits) - self.targets) / self.n_images
        norms = [0.0] * len(self.patterns)
        for layer, derivatives in derivatives_at_sums(self, slopes[:, :, None]):
            norms[layer] = math.sqrt(_sum_of_squares(self, layer, derivatives[:, :, 0]))
        return tuple(norms)

    def jacobians(self) -> Floats:
        """Return the derivatives by the inputs; shape (n_images, n_classes, n_inputs)."""
        for _, derivatives in derivatives_at_sums(self, _of_each_output(self)):  # noqa: B007
            pass
        return _pull_back(self, 0, derivatives).transpose(1, 2, 0)

    @property
    def kernel_steps(self) -> int:
        """``edges n^2 + units (n c)^2``."""
        n_rows = self.n_images * self.n_classes
        return sum(self.edges) * self.n_images**2 + sum(self.widths[1:]) * n_rows**2

    def kernel(self) -> Floats:
        """Return ``J J^T``, layer by layer, without ``J``."""
        n_images, n_rows = self.n_images, self.n_images * self.n_classes
        kernel = np.zeros((n_images, self.n_classes, n_rows))
        for layer, derivatives in derivatives_at_sums(self, _of_each_output(self)):
            pattern, inputs = self.patterns[layer], self.inputs[layer]
            n_in, n_out = pattern.shape
            ones = sparse.csr_array(
                (np.ones(pattern.n_edges), pattern.sources, pattern.offsets), shape=(n_out, n_in)
            )
            for image in range(n_images):
                # Products of inputs with those of this image, summed over the edges into each unit.
                products = ones @ (inputs * inputs[:, image : image + 1])
                weighted = (products[:, :, None] * derivatives).reshape(n_out, n_rows)
                kernel[image] += derivatives[:, image].T @ weighted
        return kernel.reshape(n_rows, n_rows)

    def log10_flow(self) -> float:
        """Return log10 of the total synaptic flow.

        The sweep holds the logarithm of every unit's value: no net is too deep.
        """
        logarithms = np.zeros(self.widths[0])
        for pattern, weights in zip(self.patterns, self.weights, strict=True):
            if not np.isfinite(weights.data).all():
                return math.nan
            with np.errstate(divide="ignore"):
                terms = np.log(np.abs(weights.data)) + logarithms[pattern.sources]
            logarithms = _log_sums(terms, pattern.offsets)
        (total,) = _log_sums(logarithms, np.array([0, logarithms.size]))
        return float(total) / math.log(10)


def derivatives_at_sums(probe: ChainProbe, at_outputs: Floats) -> Iterator[tuple[int, Floats]]:
    """Give the derivatives of some quantities by the sums of all units, last layer first.

    Parameters
    ----------
    probe : Probe
    at_outputs : ndarray, shape (n_classes, n_images, n_quantities)
        The derivatives by the outputs, for each image.

    Yields
    ------
    layer : int
    derivatives : ndarray, shape (n_out, n_images, n_quantities)

    Raises
    ------
    Undefined
        If outputs are not finite, or the arrays would be too large.
    """
    _, n_images, n_quantities = at_outputs.shape
    check_finite(probe)
    check_size(max(probe.widths) * n_images * n_quantities)
    derivatives = at_outputs
    for layer in reversed(range(len(probe.patterns))):
        derivatives = derivatives * probe.slopes[layer][:, :, None]
        yield layer, derivatives
        if layer:
            derivatives = _pull_back(probe, layer, derivatives)


def _pull_back(probe: ChainProbe, layer: int, derivatives: Floats) -> Floats:
    """Return the derivatives by what enters a layer, from those by its sums."""
    n_out, n_images, n_quantities = derivatives.shape
    found = probe.weights[layer].T @ derivatives.reshape(n_out, n_images * n_quantities)
    entering: Floats = found.reshape(-1, n_images, n_quantities)
    return entering


def _of_each_output(probe: ChainProbe) -> Floats:
    """Return what `derivatives_at_sums` starts from if the quantities are the outputs."""
    identity = np.eye(probe.n_classes)[:, None, :]
    return np.broadcast_to(identity, (probe.n_classes, probe.n_images, probe.n_classes))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=0))
    found: Floats = powers / powers.sum(axis=0)
    return found


def _sum_of_squares(probe: ChainProbe, layer: int, derivatives: Floats) -> float:
    """Return the sum over edges of ``(sum over images of input x derivative)^2``."""
    pattern, inputs = probe.patterns[layer], probe.inputs[layer]
    targets = pattern.targets()
    total, step = 0.0, max(1, _CHUNK // probe.n_images)
    for start in range(0, pattern.n_edges, step):
        edges = slice(start, start + step)
        gradient = np.einsum(
            "ei,ei->e", inputs[pattern.sources[edges]], derivatives[targets[edges]]
        )
        total += float(gradient @ gradient)
    return total


def _log_sums(terms: Floats, offsets: Indices) -> Floats:
    """Return ``ln(sum(exp(terms)))`` of each part ``offsets[j]`` to ``offsets[j + 1]``."""
    sizes = np.diff(offsets)
    found = np.full(sizes.size, -np.inf)
    filled = np.flatnonzero(sizes)
    if filled.size:
        starts = offsets[filled]
        largest = np.maximum.reduceat(terms, starts)
        shift = np.where(np.isfinite(largest), largest, 0.0)
        sums = np.add.reduceat(np.exp(terms - np.repeat(shift, sizes[filled])), starts)
        with np.errstate(divide="ignore"):
            found[filled] = np.log(sums) + shift
    return found


def _check_parameters(member: Member, layers: Sequence[LayerParameters]) -> None:
    wanted = [pattern.n_edges for pattern in member.patterns]
    got = [layer.weights.numel() for layer in layers]
    if got != wanted:
        raise ParameterError.expected("parameters", f"layers of {wanted} weights", got)
    for pattern, layer in zip(member.patterns, layers, strict=True):
        if layer.biases is not None and layer.biases.shape != pattern.shape[1:]:
            raise ParameterError.expected(
                "biases", f"of shape {pattern.shape[1:]}", tuple(layer.biases.shape)
            )
