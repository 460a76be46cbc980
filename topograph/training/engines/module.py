"""Any nets, convolutions among them: one module a member, trained one after the other."""

from __future__ import annotations

import dataclasses
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.training.data.augmentation import augment
from topograph.training.data.dataset import Dataset
from topograph.training.devices import in_fast_layout
from topograph.training.engines.engine import Floats, Inference, check_members
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.trainee import Trainee
from topograph.training.initialisation import initialise
from topograph.training.models import build_model
from topograph.training.recipes import Recipe
from topograph.training.seeding import seeded_generator

_FULLY_CONNECTED = ("lenet-300-100",)  # models that the switches for chains are for


class ModuleEngine:
    """One ``nn.Module`` and one optimizer of PyTorch a member.

    Every step trains one member after the other on the same batch. This is the engine for
    nets with convolutions, for batch normalisation and for images that are distorted in
    training; with chains it does what the other engines do, without their speed. Weights are
    dense tensors, masks are applied to gradients. A member whose loss is not finite is
    trained no further.

    Parameters
    ----------
    members : sequence of Member or ModelMember
        Of any architectures.
    data : Dataset
        Prepared; moved to the device. If it is ``augmented``, a batch is distorted by random
        numbers that follow from which images it has in which order: the same for all members,
        and the same again where a run is resumed.
    recipe : Recipe
        ``biases`` and ``batch_norm`` are for chains; models with convolutions have those they
        have.
    device : torch.device

    Raises
    ------
    ParameterError
        If there is no member, or members, recipe and data do not fit together.

    Examples
    --------
    >>> from topograph.training import MODERN, load_data, prepare
    >>> data = prepare(load_data("digits"), MODERN)
    >>> member = ModelMember("dense", "conv-net", {})
    >>> engine = ModuleEngine([member], data, MODERN, torch.device("cpu"))
    >>> engine.infer(data.test_images[:3]).logits.shape
    torch.Size([1, 3, 10])
    """

    name: ClassVar[str] = "module"
    members: tuple[Any, ...]

    def __init__(
        self,
        members: Sequence[Member | ModelMember],
        data: Dataset,
        recipe: Recipe,
        device: torch.device,
    ) -> None:
        _check(members, data, recipe)
        self.members, self.device = tuple(members), device
        self._images = data.train_images.to(device)
        self._labels = data.train_labels.to(device)
        self._is_distorted = data.augmented
        self._trainees = [_trainee(member, data, recipe, device) for member in members]

    def advance(self, order: Tensor, rates: Sequence[float]) -> Floats:
        """Take one step a row of ``order``; see `Engine`."""
        losses: Floats = np.empty((len(order), len(self.members)), dtype=np.float32)
        for number, (rows, rate) in enumerate(zip(order.cpu(), rates, strict=True)):
            there = rows.to(self.device)
            images, labels = self._images[there], self._labels[there]
            if self._is_distorted:
                images = augment(images, distortion_generator(rows))
            for index, trainee in enumerate(self._trainees):
                losses[number, index] = trainee.step(images, labels, rate)
        return losses

    def infer(self, images: Tensor) -> Inference:
        """Run the members on images of shape (n, ...), whole or flattened; see `Engine`.

        The hidden levels of a model are its ReLUs, in the order in which an image passes them;
        the units of a convolution are its channels, above 0 if they are so anywhere.
        """
        found = [trainee.infer(images.to(self.device)) for trainee in self._trainees]
        return Inference(
            torch.stack([logits for logits, _ in found]), tuple(active for _, active in found)
        )

    def gradient_norms(self) -> Floats:
        """Return the norms of the last step's gradient on weights; see `Engine`.

        Of a model only layers with a mask are looked at. Shape (n_members, most layers of a
        member); nan where a member has fewer.
        """
        norms = [trainee.gradient_norms() for trainee in self._trainees]
        found: Floats = np.full(
            (len(norms), max(len(own) for own in norms)), np.nan, dtype=np.float32
        )
        for index, own in enumerate(norms):
            found[index, : len(own)] = own
        return found

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU.

        Of a model: of its layers with a mask, in order of definition, the weights that are
        kept, in the order of the flattened mask.
        """
        return [trainee.parameters() for trainee in self._trainees]

    def retire(self, member: int) -> None:
        """Set all of a member's parameters and optimizer state to 0, for good."""
        self._trainees[member].retire()

    def state(self) -> dict[str, Tensor]:
        """Return copies of all that training changes, by name, on the CPU."""
        return {
            f"{index}.{name}": value
            for index, trainee in enumerate(self._trainees)
            for name, value in trainee.state().items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned, bit by bit; gradients are forgotten."""
        for index, trainee in enumerate(self._trainees):
            prefix = f"{index}."
            trainee.restore(
                {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
            )

    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0."""
        for trainee in self._trainees:
            trainee.check_zeros_outside()


def distortion_generator(rows: Tensor) -> torch.Generator:
    """Return the generator that distorts the batch of these training images, in this order.

    Parameters
    ----------
    rows : Tensor of int64, shape (batch,)
        Numbers of images; on the CPU.

    Examples
    --------
    >>> one, other = torch.tensor([3, 1]), torch.tensor([1, 3])
    >>> distortion_generator(one).initial_seed() == distortion_generator(one.clone()).initial_seed()
    True
    >>> distortion_generator(one).initial_seed() == distortion_generator(other).initial_seed()
    False
    """
    return seeded_generator(zlib.crc32(rows.numpy().astype("<i8").tobytes()), "distortion")


def _check(members: Sequence[Member | ModelMember], data: Dataset, recipe: Recipe) -> None:
    is_prepared = data.augmented or data.train_images.is_floating_point()
    if not is_prepared or not data.test_images.is_floating_point():
        raise ParameterError(
            "The images must be prepared for a model, but they are bytes.",
            hint="topograph.training.prepare(data, recipe).",
        )
    chains = [member for member in members if isinstance(member, Member)]
    if chains or not members:
        check_members(chains, data, dataclasses.replace(recipe, batch_norm=False))
    for member in members:
        if isinstance(member, Member) or member.model not in _FULLY_CONNECTED:
            continue
        if recipe.batch_norm or not recipe.biases:
            raise ParameterError(
                f"{member.name}: The model {member.model} must have a recipe with biases and "
                f"without batch_norm, but this one has biases {recipe.biases} and batch_norm "
                f"{recipe.batch_norm}.",
                hint="as a chain of sparse layers (Member.of_graph) the net can be so trained.",
            )


def _trainee(
    member: Member | ModelMember, data: Dataset, recipe: Recipe, device: torch.device
) -> Trainee:
    module, masks, input_shape = initial_module(member, data, recipe)
    module = in_fast_layout(module.to(device))
    return Trainee(module, masks, recipe, member.rate_factor, input_shape)


def initial_module(
    member: Member | ModelMember, data: Dataset, recipe: Recipe
) -> tuple[nn.Sequential, Mapping[str, Tensor], tuple[int, ...]]:
    """Return a member as a module with its initial weights, its masks, and its input shape.

    Raises
    ------
    ParameterError
        If member, data and recipe do not fit together.
    """
    _check([member], data, recipe)
    if isinstance(member, Member):
        return (*_chain(member, recipe), (data.n_inputs,))
    module = build_model(member.model, data.shape, data.n_classes, relu_logits=recipe.relu_logits)
    try:
        initialise(module, recipe.initialisation, member.seed, member.masks)
    except ParameterError as error:
        raise error.within(member.name) from error
    return module, member.masks, data.shape


@torch.no_grad()
def _chain(member: Member, recipe: Recipe) -> tuple[nn.Sequential, dict[str, Tensor]]:
    """Return the net of a chain with its initial weights, and its masks."""
    layers: list[tuple[str, nn.Module]] = []
    masks = {}
    drawn = initial_parameters(member, recipe)
    for number, (pattern, given) in enumerate(zip(member.patterns, drawn, strict=True), start=1):
        n_in, n_out = pattern.shape
        # Made without numbers: those of its own would be drawn from the global generator.
        linear = nn.Linear(n_in, n_out, recipe.biases, device="meta").to_empty(device="cpu")
        ends = tuple(
            torch.from_numpy(units).long() for units in (pattern.targets(), pattern.sources)
        )
        linear.weight.zero_()
        linear.weight[ends] = given.weights
        if given.biases is not None:
            linear.bias.copy_(given.biases)
        mask = torch.zeros(n_out, n_in, dtype=torch.bool)
        mask[ends] = True
        masks[f"fc{number}.weight"] = mask
        layers.append((f"fc{number}", linear))
        is_hidden = number < len(member.patterns)
        if is_hidden and recipe.batch_norm:
            layers.append((f"norm{number}", nn.BatchNorm1d(n_out)))
        if is_hidden or recipe.relu_logits:
            layers.append((f"relu{number}", nn.ReLU()))
    return nn.Sequential(OrderedDict(layers)), masks
