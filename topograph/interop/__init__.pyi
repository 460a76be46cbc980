# Loaded on first use: only `topograph.interop.torch` needs PyTorch.
from . import torch as torch
from .igraph_graph import from_igraph as from_igraph
from .igraph_graph import to_igraph as to_igraph
from .networkx_graph import from_networkx as from_networkx
from .onnx import from_onnx as from_onnx
from .networkx_graph import to_networkx as to_networkx
from .torch import apply_masks as apply_masks
from .torch import from_module as from_module
