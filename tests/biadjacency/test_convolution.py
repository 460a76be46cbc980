from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.biadjacency.folding import check_adjoint, check_as_listed, check_folds
from tests.strategies import convolutions
from topograph.biadjacency import Convolution, Sparse, Transposed, convolution
from topograph.errors import GraphError
from topograph.graph import chain

SEEDS = st.integers(0, 2**16)


@settings(max_examples=40)
@given(convolutions(), SEEDS)
def test_a_convolution_is_the_loop_over_its_output_positions(operator, seed):
    dense = naive.unrolled_convolution(
        operator.kernel_mask,
        operator.input_size,
        operator.stride,
        operator.padding,
        operator.dilation,
        operator.groups,
    )
    check_as_listed(operator, dense, seed)
    check_as_listed(Transposed(operator), dense.T, seed)
    check_adjoint(operator, seed)


@given(convolutions())
def test_possible_edges_are_those_of_the_whole_kernel(operator):
    whole = Convolution(
        np.ones_like(operator.kernel_mask),
        operator.input_size,
        operator.stride,
        operator.padding,
        operator.dilation,
        operator.groups,
    )
    assert operator.n_possible_edges == whole.n_edges == Transposed(whole).n_edges
    assert whole.n_parameters == whole.n_possible_parameters == operator.kernel_mask.size
    assert operator.n_parameters == np.count_nonzero(operator.kernel_mask)
    assert 0 <= operator.n_edges <= operator.n_possible_edges


@given(convolutions(), SEEDS)
def test_torch_agrees(operator, seed):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    n_axes = len(operator.input_size)
    forwards = (functional.conv1d, functional.conv2d, functional.conv3d)[n_axes - 1]
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, operator.shape[0]).astype(np.float64)
    weight = torch.tensor(operator.kernel_mask.astype(np.float64))
    sent = torch.tensor(x).reshape(operator.c_in, *operator.input_size)
    pads = [pad for pair in reversed(operator.padding) for pad in pair]
    image = functional.pad(sent, pads)
    geometry = {"stride": operator.stride, "dilation": operator.dilation, "groups": operator.groups}
    received = forwards(image[None], weight, **geometry)[0]
    assert tuple(received.shape) == (operator.c_out, *operator.output_size)
    assert np.array_equal(operator.forward(x), received.numpy().ravel())


@given(convolutions(), SEEDS)
def test_torch_agrees_on_transposed_convolutions(operator, seed):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    n_axes = len(operator.input_size)
    back = (
        functional.conv_transpose1d,
        functional.conv_transpose2d,
        functional.conv_transpose3d,
    )[n_axes - 1]
    turned = Transposed(operator)
    y = np.random.default_rng(seed).integers(0, 9, turned.shape[0]).astype(np.float64)
    sent = torch.tensor(y).reshape(1, operator.c_out, *operator.output_size)
    weight = torch.tensor(operator.kernel_mask.astype(np.float64))
    geometry = {"stride": operator.stride, "dilation": operator.dilation, "groups": operator.groups}
    whole = back(sent, weight, **geometry)[0].numpy()
    inside = np.zeros((operator.c_in, *operator.input_size))
    reached = tuple(
        slice(before, before + width)
        for (before, _), width in zip(operator.padding, operator.input_size, strict=True)
    )
    part = whole[(slice(None), *reached)]  # ends early where the stride leaves positions out
    inside[tuple(slice(0, width) for width in part.shape)] = part
    assert np.array_equal(turned.forward(y), inside.ravel())


@pytest.mark.parametrize("share", [0.9, 0.3, 0.05])
@pytest.mark.parametrize("groups", [1, 2])
def test_wide_kernels_are_multiplied_as_they_are_listed(share, groups):
    """Wide enough for products with dense matrices, and for folds rank by rank."""
    rng = np.random.default_rng(7)
    mask = rng.random((24, 32 // groups, 3, 2)) < share
    operator = Convolution(mask, (7, 6), stride=(2, 1), padding=((1, 0), (0, 1)), groups=groups)
    rows = operator.to_csr()
    check_folds(operator, Sparse(rows.indptr, rows.indices, operator.shape), 1)


def test_sums_beyond_the_whole_floats_are_exact():
    mask = np.random.default_rng(1).random((16, 16, 3)) < 0.7
    operator = Convolution(mask, (6,), padding=1)
    values = np.random.default_rng(2).integers(0, 2**56, operator.shape[0])
    assert np.array_equal(operator.forward(values), operator.to_csr().T @ values)


def test_edges_are_counted_where_they_could_not_be_listed():
    whole = Convolution(np.ones((512, 512, 3, 3), dtype=bool), (224, 224), padding=1)
    assert whole.n_edges == 512 * 512 * (3 * 224 - 2) ** 2
    with pytest.raises(GraphError, match="up to 2\\^31 - 1, but this convolution has 117,6"):
        whole.to_csr()


def test_a_kernel_is_held_once():
    mask = np.ones((4, 3, 3, 3), dtype=bool)
    operator = Convolution(mask, (5, 5))
    mask[:] = False
    assert operator.n_parameters == operator.kernel_mask.size
    assert not operator.kernel_mask.flags.writeable
    assert all(
        np.shares_memory(operator.kernel_mask, channels.mask) for _, channels in operator._products
    )


def test_graphs_of_equal_convolutions_are_equal():
    rng = np.random.default_rng(5)
    mask = rng.random((4, 3, 3, 3)) < 0.5
    other = mask.copy()
    other[0, 0, 1, 1] ^= True
    one = chain([Convolution(mask, (5, 5), padding=1)])
    assert one.equals(chain([Convolution(mask, (5, 5), padding=1)]))
    assert not one.equals(chain([Convolution(other, (5, 5), padding=1)]))
    listed = one.layers[0].biadjacency.to_csr()
    assert one.equals(chain([Sparse.from_matrix(listed)]))


def test_kernel_entries_that_meet_padding_alone_tell_no_masks_apart():
    mask = np.ones((1, 1, 3), dtype=bool)
    other = mask.copy()
    other[..., 0] = False
    nets = [chain([Convolution(each, (1,), padding=1)]) for each in (mask, other)]
    assert nets[0].equals(nets[1])
    assert nets[0].n_edges == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kernel_mask": np.ones((2, 1, 3))}, "must be booleans of shape"),
        ({"kernel_mask": np.ones((2, 3), dtype=bool)}, "with 1 spatial axes"),
        ({"input_size": ()}, "The input size must be 1 to 3 positive integers"),
        ({"input_size": (4.5,)}, "The input size must be 1 to 3 positive integers"),
        ({"input_size": (2,)}, "A kernel of 3 entries at dilation 1 must fit the 2 positions"),
        ({"stride": 0}, "The stride must be a positive integer, or one for each of 1 axes"),
        ({"dilation": (1, 1)}, "The dilation must be a positive integer"),
        ({"padding": -1}, "The padding must be an integer of at least 0"),
        ({"padding": ((1, 2, 3),)}, "The padding must be an integer of at least 0"),
        ({"groups": 3}, "The groups must divide the 2 output channels, but there are 3"),
    ],
)
def test_what_is_no_convolution_is_refused(changes, said):
    arguments = {"kernel_mask": np.ones((2, 1, 3), dtype=bool), "input_size": (4,)}
    with pytest.raises(GraphError, match=said):
        Convolution(**(arguments | changes))


def test_units_are_counted_row_major():
    mask = np.zeros((2, 3, 1, 1), dtype=bool)
    mask[1, 2] = True
    operator = Convolution(mask, (4, 5))
    sources, targets = operator.to_csr().nonzero()
    y, x = 3, 2
    unit = np.flatnonzero(sources == (2 * 4 + y) * 5 + x)
    assert targets[unit].tolist() == [(1 * 4 + y) * 5 + x]
    assert sources.size == math.prod(operator.input_size)


def test_convolutions_that_are_padded_at_other_ends_are_not_equal():
    mask = np.ones((1, 1, 2), dtype=bool)
    one, other = (chain([Convolution(mask, (4,), padding=(pads,))]) for pads in ((1, 0), (0, 1)))
    assert (one.widths, one.n_edges) == (other.widths, other.n_edges)
    assert not one.equals(other)


def test_the_limit_of_listing_is_that_of_the_largest_list(monkeypatch):
    layer = Convolution(np.ones((1, 1, 2), dtype=bool), (4,))
    monkeypatch.setattr(convolution, "_MOST_UNROLLED", 6)
    assert layer.to_csr().nnz == 6
    monkeypatch.setattr(convolution, "_MOST_UNROLLED", 5)
    with pytest.raises(GraphError, match="Edges can be listed up to"):
        layer.to_csr()
