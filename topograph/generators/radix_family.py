"""RadiX-Nets: sparse nets with the same number of paths between every input and output."""

from __future__ import annotations

from collections.abc import Sequence

from topograph.biadjacency import Kronecker
from topograph.generators.provenance import made_by
from topograph.graph import LayeredGraph, chain
from topograph.radix import RadixSpecification, place_values, specification_from_degrees


def radix_net(
    systems: Sequence[Sequence[int]],
    dense_widths: Sequence[int] | None = None,
    direction: int = 1,
    allow_unit_radix: bool = False,
) -> LayeredGraph:
    """Return the RadiX-Net of mixed-radix systems and dense widths.

    Layer ``i`` is ``ones(D_{i-1}, D_i) kron sum_{n<N_i} P^(n v_i)``, ``P`` the cyclic shift
    of ``N'`` units by ``direction`` and ``v_i`` the place value of its radix. Every unit
    has fan-out ``N_i D_i`` and fan-in ``N_i D_{i-1}``; every input-output pair has the same
    number of paths, `topograph.radix.paths_per_pair`. No layer holds indices.

    Parameters
    ----------
    systems : sequence of sequences of int
        Mixed-radix systems, one radix a layer. Every system but the last has the product
        ``N'`` of the first; the product of the last divides ``N'``.
    dense_widths : sequence of int, optional
        ``D_0 .. D_K``: level ``i`` has ``D_i N'`` units; all ones by default.
    direction : {1, -1}, default 1
        The sign of the shifts: +1 in the definition, -1 in the official GraphChallenge
        files. The two nets are isomorphic, but their masks differ.
    allow_unit_radix : bool, default False
        Whether a radix may be 1: its layer joins equal places of the blocks, and mixes
        nothing.

    Raises
    ------
    ParameterError
        If the numbers define no RadiX-Net; the hint lists those that would.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> radix_net([[10, 10]], [8, 3, 1])
    LayeredGraph(widths=(800, 300, 100), n_layers=2, n_edges=27000)
    >>> from topograph.propagation import EXACT, arrive
    >>> arrive(radix_net([[2, 3], [3]]), [1, 0, 0, 0, 0, 0], EXACT).tolist()
    [3, 3, 3, 3, 3, 3]
    """
    return _build(RadixSpecification(systems, dense_widths, direction, allow_unit_radix))


def radix_net_from_degrees(
    widths: Sequence[int],
    out_degrees: Sequence[int],
    direction: int = 1,
    allow_unit_radix: bool = False,
) -> LayeredGraph:
    """Return the RadiX-Net with these layer widths and out-degrees: Robinett's form.

    ``N' = gcd(widths)``, ``D_i = widths_i / N'``, ``radix_i = degree_i / D_i``; a new system
    starts whenever the radices of the last have filled ``N'``. The provenance names the
    systems and dense widths found.

    Parameters
    ----------
    widths : sequence of int, length K + 1
        Units of each level.
    out_degrees : sequence of int, length K
        Fan-out of the units of every level but the last.
    direction, allow_unit_radix
        As of `radix_net`.

    Raises
    ------
    ParameterError
        If no RadiX-Net has these widths and degrees; the hint lists degrees that would do.

    References
    ----------
    Robinett & Kepner, "Neural network topologies for sparse training", arXiv 1809.05242.

    Examples
    --------
    >>> net = radix_net_from_degrees([800, 300, 100], [30, 10])
    >>> net.equals(radix_net([[10, 10]], [8, 3, 1]))
    True
    """
    return _build(specification_from_degrees(widths, out_degrees, direction, allow_unit_radix))


def _build(specification: RadixSpecification) -> LayeredGraph:
    dense = specification.dense_widths
    strides = place_values(specification.systems)
    layers = zip(specification.radices, strides, dense[:-1], dense[1:], strict=True)
    operators = [
        Kronecker(specification.base, radix, stride, dense_in, dense_out, specification.direction)
        for radix, stride, dense_in, dense_out in layers
    ]
    parameters = {
        "systems": specification.systems,
        "dense_widths": dense,
        "direction": specification.direction,
        "allow_unit_radix": specification.allow_unit_radix,
    }
    return chain(operators, provenance=made_by("radix", parameters))
