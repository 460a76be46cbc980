"""ONNX models as graphs: against the evaluator of onnx, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.interop.onnx_models import block, positive, saved, whole
from topograph.interop import from_onnx
from topograph.propagation import EXACT, arrive


def reads(graph):
    found = arrive(graph, np.eye(graph.n_inputs, dtype=np.int64), EXACT)
    return (np.asarray(found) > 0).T


def read_by_evaluator(path, shape):
    """Which outputs change when an input is raised."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(str(path))
    start = np.random.default_rng(0).uniform(1, 2, shape).astype(np.float32)
    before = evaluator.run(None, {"in": start})[0].reshape(-1)
    rows = []
    for unit in range(start.size):
        raised = start.copy()
        raised.flat[unit] += 100
        rows.append(evaluator.run(None, {"in": raised})[0].reshape(-1) != before)
    return np.array(rows)


CONV = positive(4, 2, 3, 3)
TURNED = positive(2, 3, 3, 3)
IMAGE = (1, 2, 5, 6)
CASES = {
    "conv": ("Conv", IMAGE, {"w": CONV}, {"strides": [2, 1], "pads": [1, 0, 0, 2]}),
    "conv-upper": ("Conv", IMAGE, {"w": CONV[:, :, :2]}, {"auto_pad": "SAME_UPPER"}),
    "conv-lower": ("Conv", IMAGE, {"w": CONV[:, :, :2]}, {"auto_pad": "SAME_LOWER"}),
    "conv-strided": ("Conv", IMAGE, {"w": CONV}, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "conv-valid": ("Conv", IMAGE, {"w": CONV}, {"auto_pad": "VALID", "dilations": [2, 2]}),
    "conv-groups": ("Conv", IMAGE, {"w": CONV[:, :1]}, {"group": 2}),
    "conv-1d": ("Conv", (1, 2, 7), {"w": CONV[:, :, 0]}, {"dilations": [2]}),
    "conv-3d": ("Conv", (1, 1, 3, 3, 3), {"w": positive(2, 1, 2, 2, 2)}, {}),
    "turned": ("ConvTranspose", IMAGE, {"w": TURNED}, {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "turned-more": ("ConvTranspose", IMAGE, {"w": TURNED},
                    {"strides": [2, 3], "output_padding": [1, 2]}),
    "turned-dilated": ("ConvTranspose", IMAGE, {"w": TURNED}, {"dilations": [2, 1]}),
    "gemm": ("Gemm", (1, 5), {"w": positive(5, 4)}, {}),
    "gemm-turned": ("Gemm", (1, 5), {"w": positive(4, 5), "b": np.ones(4, np.float32)},
                    {"transB": 1}),
    "matmul-tokens": ("MatMul", (1, 3, 5), {"w": positive(5, 4)}, {}),
    "matmul-vector": ("MatMul", (1, 3, 5), {"w": positive(5)}, {}),
    "max": ("MaxPool", IMAGE, {}, {"kernel_shape": [2, 3], "strides": [2, 1]}),
    "max-dilated": ("MaxPool", IMAGE, {}, {"kernel_shape": [2, 2], "dilations": [2, 3]}),
    "max-ceil": ("MaxPool", IMAGE, {}, {"kernel_shape": [2, 2], "strides": [2, 4],
                                        "ceil_mode": 1}),
    "average": ("AveragePool", IMAGE, {}, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "average-lower": ("AveragePool", IMAGE, {}, {"kernel_shape": [2, 2],
                                                 "auto_pad": "SAME_LOWER"}),
    "global-average": ("GlobalAveragePool", IMAGE, {}, {}),
    "global-max": ("GlobalMaxPool", IMAGE, {}, {}),
    "mean": ("ReduceMean", IMAGE, {"axes": whole(2, 3)}, {"keepdims": 0}),
    "mean-channels": ("ReduceMean", IMAGE, {"axes": whole(1)}, {}),
    "transpose": ("Transpose", IMAGE, {}, {"perm": [0, 3, 1, 2]}),
    "slice": ("Slice", IMAGE, {"a": whole(-1, 1), "b": whole(-9, 6), "c": whole(2, 3),
                               "d": whole(-2, 2)}, {}),
    "gather": ("Gather", IMAGE, {"i": whole(2, -1, 2)}, {"axis": 3}),
    "gather-elements": ("GatherElements", (1, 4), {"i": whole(3, 0)[None]}, {"axis": 1}),
    "pad": ("Pad", IMAGE, {"p": whole(0, 0, 1, 0, 0, 1, 0, 2)}, {}),
    "pad-reflect": ("Pad", IMAGE, {"p": whole(0, 0, 2, 1, 0, 0, 1, 0)}, {"mode": "reflect"}),
    "pad-edge": ("Pad", IMAGE, {"p": whole(0, 0, 2, 1, 0, 0, 1, 0)}, {"mode": "edge"}),
    "tile": ("Tile", IMAGE, {"t": whole(1, 2, 1, 1)}, {}),
    "expand": ("Expand", (1, 1, 4), {"s": whole(3, 1)}, {}),
    "depth": ("DepthToSpace", (1, 8, 2, 3), {}, {"blocksize": 2}),
    "depth-crd": ("DepthToSpace", (1, 8, 2, 3), {}, {"blocksize": 2, "mode": "CRD"}),
    "space": ("SpaceToDepth", (1, 2, 4, 6), {}, {"blocksize": 2}),
    "trilu": ("Trilu", (1, 4, 4), {}, {"upper": 0}),
    "concat": ("Concat", (1, 3), {"c": np.ones((1, 2), np.float32)}, {"axis": 1}),
    "nearest": ("Resize", IMAGE, {"": None, "s": np.array([1, 1, 1.5, 2], np.float32)},
                {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
    "nearest-half": ("Resize", IMAGE, {"": None, "s": np.array([1, 1, 2, 0.5], np.float32)}, {}),
    "linear": ("Resize", IMAGE, {"": None, "s": np.array([1, 1, 2, 1.5], np.float32)},
               {"mode": "linear"}),
    "aligned": ("Resize", IMAGE, {"": None, "s": np.array([1, 1, 2, 2], np.float32)},
                {"mode": "linear", "coordinate_transformation_mode": "align_corners"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_outputs_read_what_changes_them(tmp_path, case):
    kind, shape, weights, attributes = CASES[case]
    nodes = [(kind, ["in", *weights], ["out"], attributes)]
    tensors = {name: array for name, array in weights.items() if name}
    path = saved(tmp_path / "net.onnx", nodes, shape, tensors)
    graph = from_onnx(path)
    assert np.array_equal(reads(graph), read_by_evaluator(path, shape))


def test_a_block_reads_what_changes_it(tmp_path):
    path = block(tmp_path / "net.onnx")
    graph = from_onnx(path)
    assert np.array_equal(reads(graph), read_by_evaluator(path, (1, 4, 3, 3)))
    weighted = [layer.name for layer in graph.layers if not layer.is_structural]
    assert weighted == ["c1", "fc"]
    assert any("Skip connections go around 1 of 2" in note for note in graph.notes)
    assert from_onnx(path, encoding="channel").widths[0] == 4
    without = from_onnx(path, skips="without")
    assert without.n_edges < graph.n_edges


def test_paths_are_those_of_the_linear_net_evaluated_at_ones(tmp_path):
    from onnx.reference import ReferenceEvaluator

    masks = {name: (positive(*shape) > 0).astype(np.float32) for name, shape in
             {"a": (3, 2, 3, 3), "b": (3, 3, 1, 1), "c": (48, 5)}.items()}  # fmt: skip
    nodes = [
        ("Conv", ["in", "a"], ["x"], {"pads": [1, 1, 1, 1]}),
        ("Conv", ["x", "b"], ["y"], {}),
        ("Add", ["x", "y"], ["z"], {}),
        ("Flatten", ["z"], ["f"], {}),
        ("MatMul", ["f", "c"], ["out"], {}),
    ]
    path = saved(tmp_path / "net.onnx", nodes, (1, 2, 4, 4), masks)
    (expected,) = ReferenceEvaluator(str(path)).run(None, {"in": np.ones((1, 2, 4, 4), np.float32)})
    graph = from_onnx(path)
    counts = arrive(graph, np.ones(graph.n_inputs, dtype=int), EXACT)
    assert [int(count) for count in counts] == expected.reshape(-1).tolist()


def test_weights_that_are_masked_in_the_model_are_pruned(tmp_path):
    mask = np.array([[1, 0], [1, 1]], np.float32)
    nodes = [("Mul", ["fc.weight", "m"], ["w"], {}), ("MatMul", ["in", "w"], ["out"], {})]
    path = saved(tmp_path / "net.onnx", nodes, ("n", 2), {"fc.weight": positive(2, 2, density=2),
                                                          "m": mask})  # fmt: skip
    graph = from_onnx(path)
    assert [layer.name for layer in graph.layers] == ["fc"]
    assert np.array_equal(graph.layers[0].biadjacency.to_csr().toarray(), mask)
    assert from_onnx(path, threshold=9).n_edges == 0


@pytest.mark.parametrize(("kind", "number"), [("Add", -100.0), ("Sub", 1e9), ("Add", 1e9)])
def test_scores_of_which_a_constant_hides_some(tmp_path, kind, number):
    later = np.triu(np.ones((3, 3), np.float32), 1)
    weights = {name: np.ones((2, 2), np.float32) for name in "qkv"}
    nodes = [
        *(("MatMul", ["in", name], [f"{name}1"], {}) for name in "qkv"),
        ("Transpose", ["k1"], ["turned"], {"perm": [0, 2, 1]}),
        ("MatMul", ["q1", "turned"], ["scores"], {}),
        (kind, ["scores", "later"], ["masked"], {}),
        ("Softmax", ["masked"], ["chosen"], {"axis": -1}),
        ("MatMul", ["chosen", "v1"], ["out"], {}),
    ]
    path = saved(tmp_path / "net.onnx", nodes, (1, 3, 2), weights | {"later": number * later})
    found = reads(from_onnx(path)).reshape(3, 2, 3, 2).any((1, 3))
    hides = (kind, number) != ("Add", 1e9)
    assert np.array_equal(found, np.triu(np.ones((3, 3))) > 0 if hides else np.ones((3, 3)) > 0)


def test_a_mean_that_is_added_is_another_way(tmp_path):
    nodes = [
        ("ReduceMean", ["in", "last"], ["mean"], {}),
        ("Add", ["in", "mean"], ["out"], {}),
    ]
    graph = from_onnx(saved(tmp_path / "net.onnx", nodes, (1, 4), {"last": whole(-1)}))
    assert reads(graph).all()


def test_a_norm_written_out_joins_nothing(tmp_path):
    nodes = [
        ("ReduceMean", ["in", "last"], ["mean"], {}),
        ("Sub", ["in", "mean"], ["d"], {}),
        ("Mul", ["d", "d"], ["square"], {}),
        ("ReduceMean", ["square", "last"], ["v"], {}),
        ("Add", ["v", "small"], ["w"], {}),
        ("Sqrt", ["w"], ["r"], {}),
        ("Div", ["d", "r"], ["y"], {}),
        ("MatMul", ["y", "fc"], ["out"], {}),
    ]
    weights = {"last": whole(-1), "small": np.float32(1e-5), "fc": positive(4, 2)}
    graph = from_onnx(saved(tmp_path / "net.onnx", nodes, ("n", 4), weights))
    assert [layer.name for layer in graph.layers] == ["fc"]
    assert any("Normalisation" in note for note in graph.notes)
