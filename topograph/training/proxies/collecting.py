"""All proxies of a net, and why some have no value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topograph.errors import ParameterError, Undefined
from topograph.training.data.dataset import Dataset
from topograph.training.engines.member import LayerParameters, Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.proxies.chain_probe import ChainProbe
from topograph.training.proxies.gradients import (
    gradient_balance,
    gradient_flow,
    gradient_norm,
    layer_gradient_norms,
)
from topograph.training.proxies.jacobian import (
    jacobian_condition_number,
    jacobian_rank,
    jacobian_singular_value_mean,
)
from topograph.training.proxies.kernel import (
    ntk_condition_number,
    ntk_effective_rank,
    ntk_trace,
)
from topograph.training.proxies.module_probe import ModuleProbe
from topograph.training.proxies.probing import N_IMAGES, Probe
from topograph.training.proxies.synaptic_flow import synflow_total
from topograph.training.recipes import Recipe

PROXIES: Mapping[str, Callable[[Probe], float]] = {
    "gradient_norm": gradient_norm,
    "gradient_flow": gradient_flow,
    "gradient_balance": gradient_balance,
    "ntk_trace": ntk_trace,
    "ntk_condition_number": ntk_condition_number,
    "ntk_effective_rank": ntk_effective_rank,
    "jacobian_singular_value_mean": jacobian_singular_value_mean,
    "jacobian_condition_number": jacobian_condition_number,
    "jacobian_rank": jacobian_rank,
    "synflow_total": synflow_total,
}


@dataclass(frozen=True)
class ProxyValues:
    """The proxies of a net.

    Parameters
    ----------
    values : dict of str to float or None
        By the names of `PROXIES`; None where a proxy has no value on this net.
    undefined : dict of str to str
        Why, for each that is None.
    layer_gradient_norms : tuple of float
        See there; empty if they have no value.
    """

    values: dict[str, float | None]
    undefined: dict[str, str]
    layer_gradient_norms: tuple[float, ...] = ()


def proxies(
    member: Member | ModelMember,
    recipe: Recipe,
    data: Dataset,
    *,
    n_images: int = N_IMAGES,
    seed: int = 0,
    parameters: Sequence[LayerParameters] | None = None,
) -> ProxyValues:
    """Compute all trainability proxies of a net, at initialisation or with given weights.

    Parameters
    ----------
    member : Member or ModelMember
        A chain of sparse layers, or a model with masks.
    recipe, data, n_images, seed
        As of `ChainProbe.of_member`, and of `ModuleProbe.of_member` for models and for
        recipes that normalise batches.
    parameters : sequence of LayerParameters, optional
        Of a chain whose batches are not normalised.

    Returns
    -------
    ProxyValues
        The same for the same arguments.

    Raises
    ------
    ParameterError
        If member, data and parameters do not fit, or there are fewer images.

    Examples
    --------
    >>> import torch
    >>> from topograph.toy import butterfly
    >>> from topograph.training import MODERN
    >>> images, labels = torch.ones(3, 1, 2, 2), torch.tensor([0, 1, 3])
    >>> data = Dataset("ones", images, labels, images, labels, 4, verified=False)
    >>> member = Member.of_graph(butterfly())
    >>> ones = [LayerParameters(torch.ones(pattern.n_edges), None) for pattern in member.patterns]
    >>> found = proxies(member, MODERN, data, n_images=1, parameters=ones)
    >>> round(10 ** found.values["synflow_total"]), found.values["ntk_trace"]
    (16, 48.0)
    >>> found.values["jacobian_condition_number"], found.undefined["jacobian_condition_number"]
    (None, 'singular: for 1 of 1 images')
    """
    if isinstance(member, Member) and not (recipe.batch_norm or data.augmented):
        return proxies_of(
            ChainProbe.of_member(
                member, recipe, data, n_images=n_images, seed=seed, parameters=parameters
            )
        )
    if parameters is not None:
        raise ParameterError(
            "parameters are for a chain of sparse layers without batch normalisation.",
            hint="proxies_of(ModuleProbe.of_module(...)) takes a module with any weights.",
        )
    return proxies_of(ModuleProbe.of_member(member, recipe, data, n_images=n_images, seed=seed))


def proxies_of(probe: Probe) -> ProxyValues:
    """Compute all trainability proxies of a probe, such as that of a module with its weights.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Linear(2, 2)
    >>> probe = ModuleProbe.of_module(net, torch.eye(2), torch.tensor([0, 1]))
    >>> proxies_of(probe).values["ntk_trace"]
    4.0
    """
    values: dict[str, float | None] = {}
    undefined: dict[str, str] = {}
    for name, function in PROXIES.items():
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # seen in the value
                value = function(probe)
        except Undefined as reason:
            values[name], undefined[name] = None, reason.message
            continue
        if math.isfinite(value):
            values[name] = value
        else:
            values[name], undefined[name] = None, "beyond the range of floats"
    norms = () if "gradient_norm" in undefined else layer_gradient_norms(probe)
    return ProxyValues(values, undefined, norms)
