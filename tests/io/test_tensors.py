from __future__ import annotations

import numpy as np
import pytest

from topograph.errors import GraphError
from topograph.io import from_layers

torch = pytest.importorskip("torch")

WEIGHTS = np.array([[0.0, 2, -3], [1, 0, 0]])


def dense(graph):
    (layer,) = graph.layers
    return layer.biadjacency.to_csr().toarray()


MAKERS = {
    "plain": torch.tensor,
    "with gradient": lambda mask: torch.nn.Parameter(torch.tensor(mask)),
    "half": lambda mask: torch.tensor(mask, dtype=torch.bfloat16),
    "coo": lambda mask: torch.tensor(mask).to_sparse(),
    "coo half": lambda mask: torch.tensor(mask, dtype=torch.float16).to_sparse(),
}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_tensors_of_every_kind_become_the_same_graph(maker):
    np.testing.assert_array_equal(dense(from_layers([maker(WEIGHTS)])), WEIGHTS != 0)


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.parametrize("layout", ["to_sparse_csr", "to_sparse_csc"])
def test_compressed_torch_tensors_are_read(layout):
    tensor = getattr(torch.tensor(WEIGHTS), layout)()
    np.testing.assert_array_equal(dense(from_layers([tensor])), WEIGHTS != 0)


def test_torch_tensors_that_are_no_matrices_are_refused():
    hybrid = torch.ones((2, 3, 4)).to_sparse(2)
    for tensor in (torch.ones(3), torch.ones((2, 3, 4)).to_sparse(), hybrid):
        with pytest.raises(GraphError, match="layer 'layer1': A layer must be a matrix"):
            from_layers([tensor])


def test_weights_of_torch_are_out_in():
    layers = [torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)]
    weights = {f"fc{k}": layer.weight for k, layer in enumerate(layers)}
    assert from_layers(weights, orientation="out-in").widths == (4, 3, 2)


def test_tensors_that_are_not_finite_are_refused():
    for tensor in (torch.tensor([[float("inf")]]), torch.tensor([[float("nan")]]).to_sparse()):
        with pytest.raises(GraphError, match="NaN or infinity"):
            from_layers([tensor])
