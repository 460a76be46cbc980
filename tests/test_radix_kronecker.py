"""The RadiX operator without indices against its matrix, for every fold."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import kronecker_layers
from topograph.biadjacency import ANY_BIT, LARGEST, SMALLEST, Kronecker

TRAILING = st.sampled_from([(), (1,), (3,)])
SEEDS = st.integers(0, 2**16)


def _drawn(rng, shape, dtype):
    values = rng.integers(0, 1000, size=shape)
    if dtype is object:
        return values.astype(object) + 2**70
    return values.astype(dtype)


@settings(deadline=None)
@given(kronecker_layers(), TRAILING, SEEDS, st.sampled_from([np.int64, np.float64, object]))
def test_sums_equal_the_products_with_the_matrix(layer, trailing, seed, dtype):
    rng = np.random.default_rng(seed)
    matrix = layer.to_csr().toarray().astype(dtype)
    n_in, n_out = layer.shape
    sent = _drawn(rng, (n_in, *trailing), dtype)
    read = _drawn(rng, (n_out, *trailing), dtype)
    before = sent.copy(), read.copy()
    assert layer.forward(sent).dtype == layer.backward(read).dtype == dtype
    assert np.array_equal(layer.forward(sent), matrix.T @ sent)
    assert np.array_equal(layer.backward(read), matrix @ read)
    assert np.array_equal(sent, before[0])
    assert np.array_equal(read, before[1])


@settings(deadline=None)
@given(
    kronecker_layers(),
    TRAILING,
    SEEDS,
    st.sampled_from(
        [(ANY_BIT, np.uint64), (ANY_BIT, np.uint8), (SMALLEST, float), (LARGEST, float)]
    ),
)
def test_folds_equal_those_over_the_neighbours(layer, trailing, seed, case):
    fold, dtype = case
    rng = np.random.default_rng(seed)
    mask = layer.to_csr().toarray().astype(bool)
    sent = rng.integers(0, 200, size=(layer.shape[0], *trailing)).astype(dtype)
    read = rng.integers(0, 200, size=(layer.shape[1], *trailing)).astype(dtype)
    forward = np.array(
        [fold.ufunc.reduce(sent[mask[:, unit]], axis=0) for unit in range(mask.shape[1])]
    )
    backward = np.array(
        [fold.ufunc.reduce(read[mask[unit]], axis=0) for unit in range(mask.shape[0])]
    )
    assert np.array_equal(layer.forward(sent, fold), forward)
    assert np.array_equal(layer.backward(read, fold), backward)
    assert layer.forward(sent, fold).dtype == layer.backward(read, fold).dtype == dtype


@given(kronecker_layers())
def test_matrix_is_the_definition(layer):
    units = np.arange(layer.base)
    circulant = np.zeros((layer.base, layer.base), dtype=int)
    for digit in range(layer.radix):
        shifted = units + layer.direction * digit * layer.place_value
        circulant[units, shifted % layer.base] += 1
    product = np.kron(np.ones((layer.dense_in, layer.dense_out), dtype=int), circulant)
    if layer.row_order is not None:
        product = product[layer.row_order]
    found = layer.to_csr()
    assert found.has_canonical_format
    assert np.array_equal(found.toarray(), product)
    assert layer.n_edges == found.nnz == product.sum()


@given(kronecker_layers(row_orders=False))
def test_reversing_the_units_reverses_the_direction(layer):
    other = Kronecker(
        layer.base,
        layer.radix,
        layer.place_value,
        layer.dense_in,
        layer.dense_out,
        -layer.direction,
    )
    reverse = -np.arange(layer.base) % layer.base
    rows, columns = (
        (np.arange(blocks)[:, None] * layer.base + reverse).ravel()
        for blocks in (layer.dense_in, layer.dense_out)
    )
    relabelled = layer.to_csr().toarray()[rows][:, columns]
    assert np.array_equal(relabelled, other.to_csr().toarray())


def test_shift_by_hand():
    forth = Kronecker(base=12, radix=2, place_value=3)
    back = Kronecker(base=12, radix=2, place_value=3, direction=-1)
    assert forth.to_csr().indices[:2].tolist() == [0, 3]
    assert back.to_csr().indices[:2].tolist() == [0, 9]
