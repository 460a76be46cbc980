"""Which engine suits which nets, on which device, and why."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.devices import memory_for_dense
from topograph.training.engines.engine import Engine
from topograph.training.recipes import Recipe

ENGINES = ("dense", "sparse", "radix", "kernel", "module")
KERNEL_BELOW = 0.4  # density under which the kernel beats dense products on a CPU; measured: .45
SPARSE_BELOW_CPU = 0.3  # the same for the sparse engine and one net; measured
SPARSE_BELOW_CUDA = 0.05  # an estimate: not measured on a device yet
KERNEL_EDGES = 500_000  # edges of a net above which the sparse engine wins: measured
RADIX_EDGES = 2_000_000  # the same for RadiX layers without indices: measured


@dataclass(frozen=True)
class Choice:
    """An engine, and the reason for it.

    Parameters
    ----------
    name : str
        One of `ENGINES`.
    reason : str
        A clause for the record.
    """

    name: str
    reason: str


def choose_engine(
    members: Sequence[Any], recipe: Recipe, data: Dataset, device: torch.device, asked: str = "auto"
) -> Choice:
    """Choose an engine for members that train side by side.

    Parameters
    ----------
    members : sequence of Member or ModelMember
    recipe : Recipe
    data : Dataset
    device : torch.device
    asked : str, default "auto"
        The name of an engine, or ``auto``.

    Raises
    ------
    ParameterError
        If there is no such engine.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> from topograph.training import MODERN, load_data
    >>> from topograph.training.engines.member import Member
    >>> cpu = torch.device("cpu")
    >>> choose_engine([Member.of_graph(butterfly())], MODERN, load_data("digits"), cpu, "dense")
    Choice(name='dense', reason='it was asked for')
    """
    are_chains = all(hasattr(member, "patterns") for member in members)
    if asked != "auto":
        if asked not in ENGINES:
            raise ParameterError.expected(
                "An engine", f"auto or one of {', '.join(ENGINES)}", asked
            )
        if asked != "module" and not are_chains:
            raise ParameterError(
                f"The engine {asked} must have nets of fully connected layers alone, but there "
                f"are convolutions.",
                hint="use the engine module, or auto.",
            )
        return Choice(asked, "it was asked for")
    if not are_chains:
        return Choice("module", "the net has convolutions")
    if recipe.batch_norm:
        return Choice("module", "the recipe normalises batches")
    if data.augmented:
        return Choice("module", "images are distorted in training")
    density = sum(member.density for member in members) / len(members)
    possible = sum(a * b for member in members for a, b in (p.shape for p in member.patterns))
    is_affordable = 16 * possible <= memory_for_dense(device)
    is_alike = len({member.widths for member in members}) == 1
    said = f"density {density:.3g}"
    edges = max(member.n_edges for member in members)
    if edges >= RADIX_EDGES and _are_index_free(members):
        return Choice("radix", f"RadiX layers with {edges:,} edges in all")
    if device.type == "cuda":
        if is_alike and density >= SPARSE_BELOW_CUDA and is_affordable:
            return Choice(
                "dense", f"{said} on a GPU, at or above {SPARSE_BELOW_CUDA} (an estimate)"
            )
        return Choice(
            "sparse", f"{said} on a GPU, below {SPARSE_BELOW_CUDA} (an estimate), or wide"
        )
    is_small = edges <= KERNEL_EDGES
    if density < KERNEL_BELOW and is_small and importlib.util.find_spec("numba") is not None:
        return Choice("kernel", f"{said} on a CPU, below {KERNEL_BELOW}")
    if density < SPARSE_BELOW_CPU or not is_alike or not is_affordable:
        return Choice("sparse", f"{said} on a CPU, {edges:,} edges")
    return Choice("dense", f"{said} on a CPU")


def _are_index_free(members: Sequence[Any]) -> bool:
    from topograph.training.engines.radix import is_index_free

    return all(is_index_free(member) for member in members)


def make_engine(
    name: str, members: Sequence[Any], data: Dataset, recipe: Recipe, device: torch.device
) -> Engine:
    """Return an engine by name; its module, and what that needs, is loaded here.

    Raises
    ------
    ParameterError
        If there is no such engine, or it cannot train these members.
    MissingExtraError
        If what it needs is not installed.
    """
    if name == "dense":
        from topograph.training.engines.dense import DenseEngine

        return DenseEngine(members, data, recipe, device)
    if name == "sparse":
        from topograph.training.engines.sparse import SparseEngine

        return SparseEngine(members, data, recipe, device)
    if name == "radix":
        from topograph.training.engines.radix import RadixEngine

        return RadixEngine(members, data, recipe, device)
    if name == "kernel":
        from topograph.training.engines.kernel import KernelEngine

        threads = torch.get_num_threads()  # one in a process beside others
        return KernelEngine(members, data, recipe, device, n_threads=threads)
    if name == "module":
        from topograph.training.engines.module import ModuleEngine

        return ModuleEngine(members, data, recipe, device)
    raise ParameterError.expected("An engine", f"one of {', '.join(ENGINES)}", name)
