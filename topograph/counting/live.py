"""Which units lie on an input-output path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.graph import LayeredGraph
from topograph.propagation import BOOLEAN, propagate
from topograph.sharing import shared


@dataclass(frozen=True, eq=False)
class Liveness:
    """One boolean a unit and level.

    Parameters
    ----------
    reached : tuple of ndarray of bool
        Reached by some input; level by level.
    reaching : tuple of ndarray of bool
        Reaching some output.
    """

    reached: tuple[Values, ...]
    reaching: tuple[Values, ...]

    @property
    def live(self) -> tuple[Values, ...]:
        """On some input-output path: reached and reaching."""
        return tuple(
            forward & backward
            for forward, backward in zip(self.reached, self.reaching, strict=True)
        )


@shared
def liveness(graph: LayeredGraph) -> Liveness:
    """Return which units inputs reach and which reach outputs: one sweep each way.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> [level.tolist() for level in liveness(broken_bridge()).live]
    [[True, True, False], [True, True, False], [True, True]]
    """
    inputs = np.ones(graph.n_inputs, dtype=np.bool_)
    outputs = np.ones(graph.n_outputs, dtype=np.bool_)
    return Liveness(
        propagate(graph, inputs, BOOLEAN, "forward"),
        propagate(graph, outputs, BOOLEAN, "backward"),
    )
