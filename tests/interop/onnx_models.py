"""Models of ONNX made of nodes; who imports this is skipped without onnx."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")


def saved(path, nodes, shape, weights=None, opset=18, outputs=("out",), change=None):
    """A model of nodes ``(type, inputs, outputs, attributes)`` that reads ``in``."""
    helper, arrays = onnx.helper, onnx.numpy_helper
    value = helper.make_tensor_value_info
    start = value("in", onnx.TensorProto.FLOAT, shape)
    ends = [value(name, onnx.TensorProto.FLOAT, None) for name in outputs]
    made = [helper.make_node(kind, i, o, name=f"n{n}", **more) for n, (kind, i, o, more) in
            enumerate(nodes)]  # fmt: skip
    tensors = [arrays.from_array(np.asarray(array), name) for name, array in
               (weights or {}).items()]  # fmt: skip
    graph = helper.make_graph(made, "net", [start], ends, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    if change:
        change(model.graph)
    path.write_bytes(model.SerializeToString())
    return path


def positive(*shape, density=0.6):
    rng = np.random.default_rng(len(shape))
    kept = rng.random(shape) < density
    return (kept * rng.uniform(1, 2, shape)).astype(np.float32)


def whole(*numbers):
    return np.array(numbers, dtype=np.int64)


def block(path, **more):
    """Split, convolution, sum, gate, concatenation and product, by computed shapes."""
    nodes = [
        ("Split", ["in"], ["a", "b"], {"axis": 1, "num_outputs": 2}),
        ("Conv", ["a", "c1.weight"], ["c"], {"pads": [1, 1, 1, 1]}),
        ("BatchNormalization", ["c", "one", "one", "one", "one"], ["d"], {}),
        ("Add", ["d", "b"], ["e"], {}),
        ("Relu", ["e"], ["f"], {}),
        ("Mul", ["e", "f"], ["g"], {}),
        ("Concat", ["g", "a"], ["h"], {"axis": 1}),
        ("Shape", ["h"], ["s"], {}),
        ("Gather", ["s", "zero"], ["n"], {}),
        ("Unsqueeze", ["n", "first"], ["n1"], {}),
        ("Constant", [], ["rest"], {"value_ints": [-1]}),
        ("Concat", ["n1", "rest"], ["t"], {"axis": 0}),
        ("Reshape", ["h", "t"], ["i"], {}),
        ("Gemm", ["i", "fc.weight", "zero_bias"], ["out"], {"transB": 1}),
    ]
    weights = {
        "c1.weight": positive(2, 2, 3, 3),
        "one": np.ones(2, np.float32),
        "zero": np.array(0),
        "first": whole(0),
        "fc.weight": positive(3, 36),
        "zero_bias": np.zeros(3, np.float32),
    }
    return saved(path, nodes, ("batch", 4, 3, 3), weights, opset=18, **more)
