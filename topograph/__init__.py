"""Read, measure, verify and generate the topology of sparse neural networks.

A sparse network is a layered graph; every path question is one sweep through it in some
algebra; every answer is a row in a report.

Examples
--------
>>> import numpy as np
>>> import topograph
>>> graph = topograph.from_layers([np.eye(3), np.ones((3, 2))])
>>> topograph.metrics.path_count(graph)
6
>>> topograph.verify(graph, ["symmetric"])[0].statement
'Exactly 1 path joins every input to every output.'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
