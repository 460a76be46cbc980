"""Train nets side by side on one device, with the engine that suits them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from topograph.training.data.dataset import Dataset
from topograph.training.devices import Precision, describe_device, product_precision
from topograph.training.engines.choosing import choose_engine, make_engine
from topograph.training.engines.engine import Engine
from topograph.training.engines.member import Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.ensemble import Watch, train_ensemble
from topograph.training.outcomes import Outcome
from topograph.training.recipes import Recipe
from topograph.version import topograph_version


@dataclass(frozen=True, eq=False)
class TrainedMembers:
    """What came of each net, and how all of them were trained.

    Parameters
    ----------
    outcomes : list of Outcome
        One a member.
    about : mapping
        Engine and the reason for it, device, precision, members, versions; fit for JSON.
    """

    outcomes: list[Outcome]
    about: dict[str, Any]


def train_members(
    members: Sequence[Member] | Sequence[ModelMember] | Sequence[Member | ModelMember],
    data: Dataset,
    recipe: Recipe,
    device: torch.device,
    *,
    n_steps: int,
    order_seed: int = 0,
    engine: str = "auto",
    precision: Precision = "tf32",
    watch: Watch | None = None,
) -> TrainedMembers:
    """Train nets on the same batches in the same order.

    Parameters
    ----------
    members : sequence of Member or ModelMember
    data : Dataset
        Prepared, on the device.
    recipe : Recipe
    device : torch.device
    n_steps : int
    order_seed : int, default 0
    engine : str, default "auto"
        As of `topograph.training.engines.choosing.choose_engine`.
    precision : {"tf32", "fp32"}, default "tf32"
        Of products on a CUDA device.
    watch : Watch, optional
        A checkpoint of it belongs to its key and the engine.

    Raises
    ------
    ParameterError
        If there is no such engine, or it cannot train these nets.
    """
    choice = choose_engine(members, recipe, data, device, engine)
    own = watch or Watch()

    def engine_for(used: Dataset) -> Engine:
        return make_engine(choice.name, members, used, recipe, device)

    with product_precision(device, precision) as said:
        _, outcomes = train_ensemble(
            engine_for,
            data,
            recipe,
            n_steps=n_steps,
            order_seed=order_seed,
            watch=dataclasses.replace(own, key=f"{choice.name}:{own.key}"),
        )
    about = {
        "engine": choice.name,
        "engine_reason": choice.reason,
        "device": describe_device(device),
        "precision": said,
        "members": len(members),
        "torch": torch.__version__,
        "topograph": topograph_version(),
    }
    return TrainedMembers(outcomes, about)
