"""ONNX models that are unknown, damaged or hostile are refused."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.interop.onnx_models import block, positive, saved, whole
from topograph.errors import MissingExtraError, ParameterError, ReadError, TopographError
from topograph.interop import from_onnx
from topograph.interop.onnx import interpreting

OPERATORS = sorted(interpreting._HANDLERS)


def test_an_operator_that_is_not_known_is_named_with_its_node(tmp_path):
    path = saved(tmp_path / "net.onnx", [("NonZero", ["in"], ["out"], {})], ("n", 4))
    with pytest.raises(ReadError, match="node 'n0', of type NonZero, cannot be followed"):
        from_onnx(path)


def test_arguments_that_do_not_fit_are_refused(tmp_path):
    path = block(tmp_path / "net.onnx")
    with pytest.raises(ParameterError, match="input_shape must be one that fits"):
        from_onnx(path, (4, 3))
    with pytest.raises(ParameterError, match="encoding must be"):
        from_onnx(path, encoding="folded")
    with pytest.raises(ParameterError, match="choose one by output"):
        from_onnx(path, output="nowhere")
    bare = saved(tmp_path / "open.onnx", [("Relu", ["in"], ["out"], {})], ("n", None))
    with pytest.raises(ReadError, match="shape of the input 'in' must be declared"):
        from_onnx(bare)


def huge_kernel(graph):
    graph.initializer[0].dims[:] = [2, 2, 10**6, 10**6]


def damaged(graph):
    graph.initializer[0].raw_data = b"1234"


def far_padding(graph):
    graph.node[1].attribute[0].ints[:] = [10**12] * 4


def endless(graph):
    graph.node[9].input[0] = "out"


def outside(graph):
    graph.initializer[0].data_location = 1
    graph.initializer[0].external_data.add(key="location", value="../secret")


def loose(graph):
    graph.node[3].input[1] = "nowhere"


def odd(graph):
    graph.node[0].attribute[0].i = 7


def strange(graph):
    graph.node[13].op_type = "Loop"


CHANGES = (huge_kernel, damaged, far_padding, endless, outside, loose, odd, strange)


@pytest.mark.parametrize("change", CHANGES)
def test_hostile_models_are_refused(tmp_path, change):
    path = block(tmp_path / "net.onnx", change=change)
    with pytest.raises(TopographError) as caught:
        from_onnx(path)
    assert len(caught.value.message) < 600


@pytest.mark.parametrize(
    ("kind", "constants", "attributes"),
    [
        ("Expand", {"s": whole(10**9, 10**9)}, {}),
        ("Tile", {"s": whole(10**6, 10**6)}, {}),
        ("Pad", {"s": whole(0, 0, 0, 10**12)}, {}),
        ("Add", {"s": np.zeros((60000, 1), np.float32)}, {}),
        ("Reshape", {"s": whole(7, 9)}, {}),
    ],
)
def test_nodes_whose_results_do_not_fit_are_refused(
    tmp_path, monkeypatch, kind, constants, attributes
):
    monkeypatch.setenv("TOPOGRAPH_MAX_BYTES", str(2**24))
    path = saved(tmp_path / "net.onnx", [(kind, ["in", *constants], ["out"], attributes)],
                 (1, 40), constants)  # fmt: skip
    with pytest.raises(ReadError, match="cannot be followed"):
        from_onnx(path)


def beside(folder, location):
    """A model whose weights lie in another file."""
    weights = positive(3, 2)

    def change(graph):
        tensor = graph.initializer[0]
        (folder / "weights.bin").write_bytes(b"skip" + tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = 1
        for key, value in (("location", location), ("offset", "4"), ("length", "24")):
            tensor.external_data.add(key=key, value=value)

    nodes = [("MatMul", ["in", "fc"], ["out"], {})]
    return saved(folder / "net.onnx", nodes, ("n", 3), {"fc": weights}, change=change), weights


def test_weights_in_the_folder_are_read(tmp_path):
    path, weights = beside(tmp_path, "weights.bin")
    graph = from_onnx(path)
    assert np.array_equal(graph.layers[0].biadjacency.to_csr().toarray(), weights != 0)
    (tmp_path / "weights.bin").write_bytes(b"short")
    with pytest.raises(ReadError, match="must lie in the file"):
        from_onnx(path)


@pytest.mark.parametrize("kind", ["parent", "absolute", "link", "none"])
def test_weights_outside_the_folder_are_refused(tmp_path, kind):
    folder = tmp_path / "model"
    folder.mkdir()
    other = tmp_path / "weights.bin"
    other.write_bytes(bytes(100))
    location = {"parent": "../weights.bin", "absolute": str(other), "link": "link", "none": ""}[
        kind
    ]
    os.symlink(other, folder / "link")  # noqa: PTH211
    path, _ = beside(folder, location)
    with pytest.raises(ReadError, match="in the folder of the model"):
        from_onnx(path)


def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[onnx\]"):
        from_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize("count", [-1, 0, 3, 2**63 - 1])
def test_a_split_into_more_parts_than_it_has_outputs_is_refused_at_once(tmp_path, count):
    def change(graph):
        (node,) = (one for one in graph.node if one.op_type == "Split")
        (attribute,) = (one for one in node.attribute if one.name == "num_outputs")
        attribute.i = count

    path = block(tmp_path / "net.onnx", change=change)
    with pytest.raises(TopographError, match="2 outputs are not"):
        from_onnx(path, (4, 3, 3))


@pytest.mark.parametrize("data_type", [14, 15])
def test_complex_numbers_are_refused(tmp_path, data_type):
    def change(graph):
        (tensor,) = (one for one in graph.initializer if one.name == "zero")
        tensor.data_type = data_type

    path = block(tmp_path / "net.onnx", change=change)
    with pytest.raises(TopographError, match="'zero'"):
        from_onnx(path, (4, 3, 3))


def test_a_damaged_file_is_refused(tmp_path):
    path = block(tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReadError):
        from_onnx(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_model_with_odd_numbers_is_read_or_refused(tmp_path, data):
    def change(graph):
        node = data.draw(st.sampled_from(list(graph.node)))
        numbers = st.sampled_from([-(2**63), -5, -1, 0, 1, 2, 3, 10**6, 2**63 - 1])
        kind = data.draw(st.sampled_from(["attribute", "input", "operator", "dims", "constant"]))
        if kind == "attribute" and node.attribute:
            attribute = data.draw(st.sampled_from(list(node.attribute)))
            attribute.i = data.draw(numbers)
            attribute.ints[:] = data.draw(st.lists(numbers, max_size=5))
        elif kind == "input" and node.input:
            names = [name for other in graph.node for name in (*other.input, *other.output)]
            place = data.draw(st.integers(0, len(node.input) - 1))
            node.input[place] = data.draw(st.sampled_from(["", *names]))
        elif kind == "operator":
            node.op_type = data.draw(st.sampled_from(OPERATORS))
        elif kind == "dims":
            tensor = data.draw(st.sampled_from(list(graph.initializer)))
            tensor.dims[:] = data.draw(st.lists(numbers, max_size=5))
        elif kind == "constant":
            tensor = data.draw(st.sampled_from(list(graph.initializer)))
            tensor.data_type = data.draw(st.integers(-1, 24))

    path = block(tmp_path / "net.onnx", change=change)
    try:
        graph = from_onnx(path, (4, 3, 3))
    except TopographError as error:
        said = error.message
        event("refused")
    else:
        said = str(graph)
        assert graph.n_inputs == 36
    assert len(said) < 600
