"""Which units are live, and where are the dead ones?

A unit is live when it lies on some input-output path. *Dead* is a word of graphs: biases
are ignored. A dead unit that has a bias still emits a constant.
"""

from __future__ import annotations

from topograph.counting import liveness
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric


@metric("network", unit="units")
def live_units(graph: LayeredGraph) -> int:
    """Number of units, of all levels, that lie on some input-output path.

    Returns
    -------
    int
        From 0 to the sum of the widths.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> live_units(broken_bridge())
    6
    """
    return sum(int(level.sum()) for level in liveness(graph).live)


@metric("network", unit="units", better="less")
def dead_inputs(graph: LayeredGraph) -> int:
    """Number of inputs that reach no output.

    Returns
    -------
    int
        From 0 to the number of inputs.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> dead_inputs(broken_bridge())
    1
    """
    return int((~liveness(graph).reaching[0]).sum())


@metric("network", unit="units", better="less")
def dead_hidden(graph: LayeredGraph) -> int:
    """Number of hidden units that no input reaches or that reach no output.

    Returns
    -------
    int
        From 0 to the number of hidden units; 0 where there is no hidden level.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> dead_hidden(broken_bridge())
    1
    """
    return sum(int((~level).sum()) for level in liveness(graph).live[1:-1])


@metric("network", unit="units", better="less")
def dead_outputs(graph: LayeredGraph) -> int:
    """Number of outputs that no input reaches.

    Returns
    -------
    int
        From 0 to the number of outputs. In a classifier a dead output is a class that is
        predicted always or never.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> dead_outputs(broken_bridge())
    0
    """
    return int((~liveness(graph).reached[-1]).sum())
