"""Fitting and extending nets: what is kept, and what is said about the rest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import layered_graphs, symmetric_nets
from topograph.biadjacency import Kronecker, Sparse
from topograph.errors import GraphError, ParameterError
from topograph.generators import append_dense, fit_widths, radix_net
from topograph.propagation import EXACT, arrive
from topograph.toy import shortcut


def path_matrix(net):
    return arrive(net, np.eye(net.n_inputs, dtype=np.int64), EXACT).T


def lenet():
    return radix_net([[10, 10]], (8, 3, 1))


def test_training_paper_drops_the_first_sixteen_inputs():
    net = lenet()
    fitted = fit_widths(net, [784, 300, 100])
    assert fitted.widths == (784, 300, 100)
    kept = net.layers[0].biadjacency.to_csr()[16:]
    assert (fitted.layers[0].biadjacency.to_csr() != kept).nnz == 0
    assert (path_matrix(fitted) == 3).all()


def test_untouched_layers_keep_their_operator():
    net = lenet()
    fitted = fit_widths(net, [784, 300, 100])
    assert isinstance(fitted.layers[0].biadjacency, Sparse)
    assert fitted.layers[1].biadjacency is net.layers[1].biadjacency


def test_last_units_can_go_instead():
    net = lenet()
    fitted = fit_widths(net, [784, 300, 100], drop="last")
    kept = net.layers[0].biadjacency.to_csr()[:784]
    assert (fitted.layers[0].biadjacency.to_csr() != kept).nnz == 0
    assert fitted.provenance["parameters"]["drop"] == "last"


def test_right_widths_already():
    net = lenet()
    assert fit_widths(net, net.widths) is net


def test_notes_and_provenance_of_dropped_inputs():
    fitted = fit_widths(lenet(), [784, 300, 90])
    assert fitted.notes == (
        "Dropped the first 16 of 800 units of level 0, the first 10 of 100 units of level 2: "
        "only inputs or outputs went, so that every remaining pair keeps all its paths and "
        "symmetry is kept.",
    )
    assert fitted.provenance["dropped"] == [16, 0, 10]
    assert fitted.provenance["symmetry"] == "kept"
    assert fitted.provenance["of"]["family"] == "radix"
    assert fitted.provenance["parameters"] == {"widths": [784, 300, 90], "drop": "first"}


def test_dropping_one_hidden_unit_breaks_symmetry():
    fitted = fit_widths(radix_net([[2, 2]], [1, 2, 1]), [4, 7, 4])
    assert path_matrix(fitted).tolist() == [
        [1, 2, 1, 2],
        [2, 2, 2, 2],
        [2, 2, 2, 2],
        [1, 2, 1, 2],
    ]
    assert fitted.provenance["symmetry"] == "not guaranteed"
    assert "symmetry and path-connectedness may be broken" in fitted.notes[0]


def test_dropping_one_hidden_unit_can_disconnect():
    assert path_matrix(fit_widths(radix_net([[2, 2]]), [4, 3, 4])).min() == 0


def test_dropping_a_whole_block_of_hidden_units_gives_the_smaller_radix_net():
    fitted = fit_widths(radix_net([[2, 3]], [1, 3, 1]), [6, 12, 6])
    assert fitted.equals(radix_net([[2, 3]], [1, 2, 1]))
    assert (path_matrix(fitted) == 2).all()


@settings(deadline=None)
@given(symmetric_nets(), st.data())
def test_dropping_inputs_and_outputs_keeps_symmetry(net, data):
    inputs = data.draw(st.integers(1, net.n_inputs))
    outputs = data.draw(st.integers(1, net.n_outputs))
    drop = data.draw(st.sampled_from(("first", "last")))
    fitted = fit_widths(net, [inputs, *net.widths[1:-1], outputs], drop)
    paths = path_matrix(fitted)
    assert paths.shape == (inputs, outputs)
    assert (paths == path_matrix(net)[0, 0]).all()


@settings(deadline=None)
@given(layered_graphs(), st.data())
def test_fitting_slices_every_layer(net, data):
    widths = [data.draw(st.integers(1, width)) for width in net.widths]
    fitted = fit_widths(net, widths)
    assert fitted.widths == tuple(widths)
    for layer, before in zip(fitted.layers, net.layers, strict=True):
        rows = net.widths[layer.source] - widths[layer.source]
        columns = net.widths[layer.target] - widths[layer.target]
        expected = before.biadjacency.to_csr().toarray()[rows:, columns:]
        assert np.array_equal(layer.biadjacency.to_csr().toarray(), expected)


@pytest.mark.parametrize(
    ("widths", "parts"),
    [
        ([801, 300, 100], ["Level 0 has 800 units", "801", "at most 800"]),
        ([784, 300, 110], ["Level 2 has 100 units", "110", "at most 100"]),
        ([784, 300], ["each of the 3 levels", "[800, 300, 100]", "there are 2"]),
        ([784, 0, 100], ["Entry 2 of widths", "at least 1", "is 0"]),
        (784, ["widths", "list of integers", "784"]),
    ],
)
def test_widths_that_do_not_fit(widths, parts):
    with pytest.raises(ParameterError) as caught:
        fit_widths(lenet(), widths)
    for part in parts:
        assert part in str(caught.value)


def test_drop_is_first_or_last():
    with pytest.raises(ParameterError, match=r"drop must be .* but it is 'middle'"):
        fit_widths(lenet(), [784, 300, 100], drop="middle")


def test_appended_layer_is_dense_and_holds_no_indices():
    net = append_dense(lenet(), 10)
    added = net.layers[-1]
    assert net.widths == (800, 300, 100, 10)
    assert added.name == "layer3"
    assert isinstance(added.biadjacency, Kronecker)
    assert np.array_equal(added.biadjacency.to_csr().toarray(), np.ones((100, 10)))
    assert net.provenance["operation"] == "append_dense"
    assert net.provenance["of"]["family"] == "radix"


@settings(deadline=None)
@given(symmetric_nets(), st.integers(1, 4))
def test_appended_layer_keeps_symmetry_and_multiplies_paths(net, width):
    before = path_matrix(net)
    paths = path_matrix(append_dense(net, width))
    assert paths.shape == (net.n_inputs, width)
    assert (paths == before[0, 0] * net.n_outputs).all()


@settings(deadline=None)
@given(layered_graphs(), st.integers(1, 4))
def test_appended_outputs_have_the_paths_of_all_old_ones(net, width):
    paths = path_matrix(append_dense(net, width))
    assert np.array_equal(paths, np.repeat(path_matrix(net).sum(axis=1)[:, None], width, axis=1))


def test_appending_to_a_net_with_a_skip():
    net = append_dense(shortcut(), 3, name="logits")
    assert net.layer("logits").shape == (2, 3)
    assert net.widths == (2, 2, 2, 3)


def test_fit_and_append_keep_earlier_notes():
    net = append_dense(fit_widths(lenet(), [784, 300, 100]), 10)
    assert len(net.notes) == 1
    assert net.provenance["of"]["operation"] == "fit_widths"


@pytest.mark.parametrize("width", [0, -1, 2.5, True])
def test_appended_width_is_positive(width):
    with pytest.raises(ParameterError, match=f"width must be .* it is {width}"):
        append_dense(lenet(), width)


def test_appended_name_is_unique():
    with pytest.raises(GraphError, match="layer1"):
        append_dense(lenet(), 10, name="layer1")
