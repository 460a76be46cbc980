"""A net with its weights, and what some training images do in it: all that proxies look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse

from topograph.errors import ParameterError, Undefined
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import check_members, flat_images
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Pattern
from topograph.training.recipes import Recipe
from topograph.training.seeding import seeded_generator

Floats = npt.NDArray[np.float64]
N_IMAGES = 32
LARGEST_ARRAY = 1 << 27  # values: 1 GiB


@dataclass(frozen=True, eq=False)
class Probe:
    """A net swept once by some images; everything in double precision, on the CPU.

    Weights are those on the edges; nothing dense is made, and time and memory grow with
    edges times images. A unit whose sum is exactly 0 has the slope 0, as in PyTorch.

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
    >>> from topograph.toy import butterfly
    >>> from topograph.training import MODERN
    >>> images, labels = torch.ones(3, 1, 2, 2), torch.tensor([0, 1, 3])
    >>> data = Dataset("ones", images, labels, images, labels, 4, verified=False)
    >>> probe = Probe.of_member(Member.of_graph(butterfly()), MODERN, data, n_images=2)
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
            If member, data and parameters do not fit, or there are fewer images.
        """
        check_members([member], data, recipe)
        images, labels = flat_images(data)
        if not 1 <= n_images <= len(labels):
            raise ParameterError.expected("n_images", f"in 1..{len(labels)}", n_images)
        layers = initial_parameters(member, recipe) if parameters is None else parameters
        _check_parameters(member, layers)
        rows = torch.randperm(len(labels), generator=seeded_generator(seed, "probes"))[:n_images]
        rows = rows.to(images.device)
        weights, inputs, slopes = [], [], []
        values = images[rows].double().cpu().numpy().T
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
        share = recipe.label_smoothing
        targets = np.full(values.shape, share / data.n_classes)
        targets[labels[rows].cpu().numpy(), np.arange(n_images)] += 1 - share
        return cls(member.patterns, tuple(weights), tuple(inputs), tuple(slopes), values, targets)

    @property
    def n_images(self) -> int:
        """Number of images."""
        return int(self.logits.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of outputs."""
        return int(self.logits.shape[0])

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level."""
        return (self.patterns[0].shape[0], *(pattern.shape[1] for pattern in self.patterns))


def derivatives_at_sums(probe: Probe, at_outputs: Floats) -> Iterator[tuple[int, Floats]]:
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
    largest = max(probe.widths) * n_images * n_quantities
    if largest > LARGEST_ARRAY:
        raise Undefined(
            f"too large: an array of {largest} values is needed, and at most {LARGEST_ARRAY} are "
            f"allowed"
        )
    derivatives = at_outputs
    for layer in reversed(range(len(probe.patterns))):
        derivatives = derivatives * probe.slopes[layer][:, :, None]
        yield layer, derivatives
        if layer:
            derivatives = pull_back(probe, layer, derivatives)


def pull_back(probe: Probe, layer: int, derivatives: Floats) -> Floats:
    """Return the derivatives by what enters a layer, from those by its sums."""
    n_out, n_images, n_quantities = derivatives.shape
    found = probe.weights[layer].T @ derivatives.reshape(n_out, n_images * n_quantities)
    entering: Floats = found.reshape(-1, n_images, n_quantities)
    return entering


def check_finite(probe: Probe) -> None:
    """Raise Undefined if an output is not finite."""
    if not np.isfinite(probe.logits).all():
        raise Undefined("the outputs of the net are not finite")


def of_each_output(probe: Probe) -> Floats:
    """Return what `derivatives_at_sums` starts from if the quantities are the outputs."""
    identity = np.eye(probe.n_classes)[:, None, :]
    return np.broadcast_to(identity, (probe.n_classes, probe.n_images, probe.n_classes))


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
