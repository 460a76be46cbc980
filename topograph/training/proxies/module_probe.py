"""The probe of any module: autograd in double precision, on the CPU."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.engines.member import Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.module import initial_module
from topograph.training.homogeneous import of_absolute_weights, total_flow
from topograph.training.masking import apply_masks, checked_masks, prunable_parameters
from topograph.training.modes import gradients_of
from topograph.training.proxies.probing import (
    LARGEST_ARRAY,
    N_IMAGES,
    Floats,
    Probe,
    check_size,
    images_to_probe,
    targets_of,
)
from topograph.training.recipes import Recipe

_AT_ONCE = LARGEST_ARRAY // 2  # values of the derivatives by some of the weights


@dataclass(frozen=True, eq=False)
class ModuleProbe(Probe):
    """A module and some images; layers are its linear and convolution layers, as defined.

    Weights outside masks are 0 and no edges; those of layers without a mask all count. The
    module is in evaluation mode, so that each image is on its own: nothing drops out, and
    batches are normalised by the means and variances that are stored, or those of the images
    where none are.

    Parameters
    ----------
    module : nn.Module
        In double precision, on the CPU.
    masks : mapping of str to Tensor
        Of every layer, by the name of its weight.
    images : Tensor of float64, shape (n_images, ...)
    logits, targets
        See `Probe`.
    flow : float
        Total synaptic flow; nan if a weight is not finite.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> images, labels = torch.ones(5, 1, 4, 4), torch.tensor([0, 1, 2, 0, 1])
    >>> probe = ModuleProbe.of_module(net, images, labels)
    >>> probe.edges, probe.kernel().shape
    ((18, 24), (15, 15))
    """

    module: nn.Module
    masks: Mapping[str, Tensor]
    images: Tensor
    logits: Floats
    targets: Floats
    flow: float

    @classmethod
    def of_module(
        cls,
        module: nn.Module,
        images: Tensor,
        labels: Tensor,
        *,
        masks: Mapping[str, Tensor] | None = None,
        label_smoothing: float = 0.0,
    ) -> Self:
        """Send images through a copy of a module.

        Parameters
        ----------
        module : nn.Module
            Returns a logit a class for each image; left as it is.
        images : Tensor, shape (n_images, ...)
        labels : Tensor of int64, shape (n_images,)
        masks : mapping of str to Tensor, optional
            Boolean, by parameter name, of the weight's shape.
        label_smoothing : float, default 0.0
            Of the loss.

        Raises
        ------
        ParameterError
            If a mask is of no weight or another shape, or the module has no linear or
            convolution layer, or returns something other than logits for these classes.
        """
        masked = _masked_copy(module, masks or {})
        images = images.detach().double().cpu()
        normalised = copy.deepcopy(masked)
        unknown = [layer for layer in _batch_norms(normalised) if layer.running_mean is None]
        _normalise_by(normalised, images, unknown)
        return cls._of_copy(normalised, masks or {}, images, labels, label_smoothing, masked)

    @classmethod
    def of_member(
        cls,
        member: Member | ModelMember,
        recipe: Recipe,
        data: Dataset,
        *,
        n_images: int = N_IMAGES,
        seed: int = 0,
    ) -> Self:
        """Send training images through a member with its initial weights.

        Batches are normalised by the means and variances that the images have in the net, as
        a training step on them would find them, but held fixed.

        Parameters
        ----------
        member, recipe, data, n_images, seed
            As of `ChainProbe.of_member`; the recipe may normalise batches, and images may be
            distorted in training: then their middle is taken.

        Raises
        ------
        ParameterError
            If member, data and recipe do not fit, or there are fewer images; or if batches of
            one value are to be normalised.
        """
        module, masks, input_shape = initial_module(member, data, recipe)
        images, labels = images_to_probe(data, n_images, seed)
        images = images.reshape(n_images, *input_shape)
        masked = _masked_copy(module, masks)
        normalised = copy.deepcopy(masked)
        _normalise_by(normalised, images, _batch_norms(normalised))
        return cls._of_copy(normalised, masks, images, labels, recipe.label_smoothing, masked)

    @classmethod
    def _of_copy(
        cls,
        module: nn.Module,
        masks: Mapping[str, Tensor],
        images: Tensor,
        labels: Tensor,
        label_smoothing: float,
        flowing: nn.Module,
    ) -> Self:
        weights = prunable_parameters(module)
        module.requires_grad_(False)
        for weight in weights.values():
            weight.requires_grad_(True)
        of_all = {
            name: masks[name].cpu() if name in masks else torch.ones_like(weight, dtype=torch.bool)
            for name, weight in weights.items()
        }
        labels = labels.cpu()
        with torch.no_grad():
            logits = module(images)
        n_classes = int(labels.max()) + 1 if len(labels) else 1
        fits = isinstance(logits, Tensor) and logits.ndim == 2 and len(logits) == len(labels)
        if not fits or logits.shape[1] < n_classes:
            raise ParameterError.expected(
                "The output of the module",
                f"logits of shape ({len(labels)}, at least {n_classes})",
                tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__,
            )
        targets = targets_of(labels, logits.shape[1], label_smoothing)
        flow = _flow_of(flowing, tuple(images.shape[1:]))
        return cls(module, of_all, images, logits.numpy().T, targets, flow)

    @property
    def n_inputs(self) -> int:
        """Values of an image."""
        return math.prod(self.images.shape[1:])

    @property
    def edges(self) -> tuple[int, ...]:
        """Weights of each layer that are on edges."""
        return tuple(int(mask.sum()) for mask in self.masks.values())

    def gradient_norms(self) -> tuple[float, ...]:
        """Return the norm of the loss gradient on the edges of each layer."""
        weights = prunable_parameters(self.module)
        loss = functional.cross_entropy(self.module(self.images), torch.from_numpy(self.targets.T))
        gradients = gradients_of(loss, weights)
        return tuple(float(gradients[name][self.masks[name]].norm()) for name in weights)

    def jacobians(self) -> Floats:
        """Return the derivatives by the inputs; shape (n_images, n_classes, n_inputs)."""
        check_size(self.n_images * self.n_classes * self.n_inputs)
        images = self.images.clone().requires_grad_()
        sums = self.module(images).sum(dim=0)
        found = [torch.autograd.grad(total, images, retain_graph=True)[0] for total in sums]
        return torch.stack(found, dim=1).flatten(2).numpy()

    @property
    def kernel_steps(self) -> int:
        """``edges (n c)^2``."""
        return sum(self.edges) * (self.n_images * self.n_classes) ** 2

    def kernel(self) -> Floats:
        """Return ``J J^T``, from as many columns of ``J`` at a time as fit half a GiB."""
        n_rows = self.n_images * self.n_classes
        kernel = torch.zeros(n_rows, n_rows, dtype=torch.float64)
        for columns in self._columns(max(1, _AT_ONCE // n_rows)):
            derivatives = self._derivatives(columns)
            kernel += derivatives @ derivatives.T
        return kernel.numpy()

    def log10_flow(self) -> float:
        """Return log10 of the total synaptic flow."""
        return math.log10(self.flow) if self.flow else -math.inf

    def _columns(self, most: int) -> Iterator[dict[str, Tensor]]:
        """Give the places of all edges in their flat weights, so many at a time at most."""
        columns: dict[str, Tensor] = {}
        free = most
        for name, mask in self.masks.items():
            places = mask.flatten().nonzero()[:, 0]
            while len(places):
                columns[name], places = places[:free], places[free:]
                free -= len(columns[name])
                if not free:
                    yield columns
                    columns, free = {}, most
        if columns:
            yield columns

    def _derivatives(self, columns: Mapping[str, Tensor]) -> Tensor:
        """Return the derivatives of all outputs for all images by some weights."""
        weights = [self.module.get_parameter(name) for name in columns]
        width = sum(map(len, columns.values()))
        found = torch.zeros(self.n_images, self.n_classes, width, dtype=torch.float64)
        for image, of_image in zip(self.images, found, strict=True):
            logits = self.module(image[None])[0]
            for logit, row in zip(logits, of_image, strict=True):
                gradients = torch.autograd.grad(
                    logit, weights, retain_graph=True, allow_unused=True
                )
                parts = row.split([len(places) for places in columns.values()])
                for part, gradient, places in zip(parts, gradients, columns.values(), strict=True):
                    if gradient is not None:
                        torch.index_select(gradient.flatten(), 0, places, out=part)
        return found.flatten(0, 1)


def _masked_copy(module: nn.Module, masks: Mapping[str, Tensor]) -> nn.Module:
    """Return a copy to be swept, its weights outside the masks 0."""
    masked = copy.deepcopy(module).double().cpu().eval()
    apply_masks(masked, checked_masks(masked, masks))
    return masked


@torch.no_grad()
def _normalise_by(module: nn.Module, images: Tensor, layers: Sequence[nn.Module]) -> None:
    """Let layers that normalise batches hold the means and variances that images have there."""

    def hold(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        values = given[0].transpose(0, 1).flatten(1)
        if values.shape[1] < 2:
            raise ParameterError.expected(
                "n_images", "at least 2 for a net that normalises batches", len(images)
            )
        layer.running_mean = values.mean(dim=1)
        layer.running_var = values.var(dim=1, unbiased=False)

    handles = [layer.register_forward_pre_hook(hold) for layer in layers]
    if layers:
        module(images)
    for handle in handles:
        handle.remove()


def _batch_norms(module: nn.Module) -> list[nn.Module]:
    kind = nn.modules.batchnorm._BatchNorm
    return [child for child in module.modules() if isinstance(child, kind)]


def _flow_of(module: nn.Module, input_shape: Sequence[int]) -> float:
    if not all(bool(weight.isfinite().all()) for weight in prunable_parameters(module).values()):
        return math.nan
    with torch.no_grad():
        return float(total_flow(of_absolute_weights(module), input_shape))
