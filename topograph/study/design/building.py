"""Make the topologies of a study, again and again the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from topograph.digest import content_digest
from topograph.errors import ParameterError
from topograph.generators import (
    append_dense,
    degree_preserving_twin,
    density_preserving_twin,
    family_net,
    fit_widths,
    isomorphic_twin,
    radix_net,
)
from topograph.generators.repairing import connect_outputs
from topograph.graph import LayeredGraph
from topograph.io import read
from topograph.study.design.topologies import Topology
from topograph.study.execution.kept_masks import kept_mask

CHANGES: Mapping[str, Callable[[LayeredGraph, int], LayeredGraph]] = {
    "connect_outputs": connect_outputs,
    "degree_preserving_twin": degree_preserving_twin,
    "density_preserving_twin": density_preserving_twin,
}
_AT_HAND = 512  # nets kept in memory: a net is trained from several seeds on several data


def build(topology: Topology, folder: Path) -> LayeredGraph:
    """Return the net of a topology.

    Parameters
    ----------
    topology : Topology
    folder : Path
        Of the study: masks that cost much to make (pruned ones and series of doses) are in it,
        made by `topograph.study.execution.preparing.prepare`.

    Raises
    ------
    ParameterError
        If the family cannot have it.
    ReadError
        If it has to be made first, or a file is missing.
    """
    graph = net_of(topology.making, folder)
    if not topology.labelling:
        return graph
    return isomorphic_twin(graph, seed=relabelling_seed(topology))


def net_of(making: Mapping[str, Any], folder: Path) -> LayeredGraph:
    """Return the net of a making, with the natural labelling of its units.

    Parameters
    ----------
    making : mapping
        As of `topograph.study.design.topologies.Topology`; the tables of studies hold it.
    folder : Path
        As of `build`.

    Raises
    ------
    ParameterError
        If the family cannot have it.
    ReadError
        If it is kept in a study's folder and is not there.
    """
    return _natural(_Key(making), folder)


def relabelling_seed(topology: Topology) -> int:
    """Return the seed of a random labelling: its own for every class."""
    return int(topology.key[:12], 16) + topology.labelling


def base_graph(making: Mapping[str, Any], folder: Path) -> LayeredGraph:
    """Return the net before its changes: drawn, fitted, with the dense layer."""
    family, options, seed = making["family"], making["options"], making["seed"]
    if family == "pruned":
        graph = kept_mask(folder, making_key(making))
    elif family == "radix":
        graph = radix_net(**options)
    elif family == "file":
        graph = read(options["path"])
    else:
        graph = family_net(
            family,
            making["widths"],
            making["density"],
            allocation=making["allocation"],
            seed=seed,
            **options,
        )
    wanted = making["fit"] or making["widths"]
    if graph.n_levels != len(wanted):
        raise ParameterError(
            f"A net of the family {family} must have {len(wanted)} levels to fit its regime, but "
            f"it has {graph.n_levels}.",
            hint=f"its widths are {list(graph.widths)}, those of the regime {list(wanted)}.",
        )
    graph = fit_widths(graph, wanted)
    if making["append_dense"] is not None:
        graph = append_dense(graph, making["append_dense"])
    return graph


def making_key(making: Mapping[str, Any]) -> str:
    """Return the name under which the mask of a making is kept, its changes apart."""
    if "series" in making:
        return content_digest(making)[:32]
    return content_digest({key: value for key, value in making.items() if key != "changes"})[:32]


class _Key:
    """A mapping that can be a key: equal if it says the same."""

    def __init__(self, making: Mapping[str, Any]) -> None:
        self.making = making
        self._hash = content_digest(making)

    def __hash__(self) -> int:
        return hash(self._hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other._hash == self._hash


@functools.lru_cache(maxsize=_AT_HAND)
def _natural(key: _Key, folder: Path) -> LayeredGraph:
    making = key.making
    if "series" in making:
        return kept_mask(folder, making_key(making))
    graph = base_graph(making, folder)
    for operation, seed in making["changes"]:
        graph = CHANGES[operation](graph, seed)
    return graph
