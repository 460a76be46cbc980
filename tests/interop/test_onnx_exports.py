"""What torch exports to ONNX is read as the module itself is traced."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, assume, given, settings

from topograph.counting import exact_paths
from topograph.interop import from_onnx

pytest.importorskip("onnx", reason="the extra onnx is not installed")


def exported(module, shape, path, **more):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), torch.zeros(1, *shape), path, dynamo=False, **more)
    return path


def assert_counted_alike(module, shape, path, **more):
    from tests.interop.torch.counts import counted_by_graph
    from topograph.interop import from_module

    traced, found = from_module(module, shape), from_onnx(exported(module, shape, path, **more))
    assert counted_by_graph(found) == counted_by_graph(traced)
    return traced, found


def small_nets():
    pytest.importorskip("torch")
    from tests.interop.torch.nets import small_nets

    return small_nets()


def test_paths_of_exported_modules_are_those_of_the_traced_ones(tmp_path):
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(small_nets())
    def check(net):
        module, shape = net
        try:
            traced, found = assert_counted_alike(module, shape, str(tmp_path / "net.onnx"))
        except RuntimeError as error:  # poolings that ONNX has not
            assume("adaptive" not in str(error))
            raise
        assert exact_paths(found) == exact_paths(traced)

    check()


def test_what_moves_and_gates_units_is_followed(tmp_path):
    torch = pytest.importorskip("torch")
    from tests.interop.torch.counts import prune_at_random

    class Moving(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Conv1d(2, 4, 3, padding="same", dilation=2)
            self.turned = torch.nn.ConvTranspose1d(4, 4, 3, 2, 1, output_padding=1, groups=2)
            self.last = torch.nn.Linear(20, 6, bias=False)

        def forward(self, values):
            gated = torch.nn.functional.glu(self.first(values), 1).repeat(1, 2, 1)
            pooled = torch.nn.functional.avg_pool1d(self.turned(gated), 2, ceil_mode=True)
            one, other = torch.nn.functional.silu(pooled[:, 1:3]).chunk(2, 2)
            joined = torch.nn.functional.pad(torch.cat([other, one], 2), (1, -1))
            return self.last(joined.transpose(1, 2).flatten(1))

    net = prune_at_random(Moving(), 2)
    traced, found = assert_counted_alike(net, (2, 10), str(tmp_path / "net.onnx"))
    assert found.widths == traced.widths
    assert found.n_edges == traced.n_edges


@pytest.mark.parametrize("opset", [14, 17])
def test_attention_is_followed(tmp_path, opset):
    torch = pytest.importorskip("torch")
    from tests.interop.torch.counts import prune_at_random

    layer = torch.nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    net = prune_at_random(torch.nn.Sequential(torch.nn.Linear(6, 8), layer), 1)
    path = str(tmp_path / "net.onnx")
    traced, found = assert_counted_alike(net, (5, 6), path, opset_version=opset)
    assert found.widths == traced.widths
    assert {layer.name for layer in found.layers if "attention" in layer.name} == {
        f"1.self_attn.attention/{part}" for part in ("query", "key", "value")
    }


def test_layers_of_a_residual_net_have_the_names_of_its_modules(tmp_path):
    pytest.importorskip("torch")
    from tests.interop.torch.counts import prune_at_random
    from topograph.architectures import build_architecture

    net = prune_at_random(build_architecture("resnet20", (1, 8, 8), 3, widths=(2, 2, 2)), 3)
    traced, found = assert_counted_alike(net, (1, 8, 8), str(tmp_path / "net.onnx"))
    own = [layer.name for layer in traced.layers if not layer.is_structural]
    assert [layer.name for layer in found.layers if not layer.is_structural] == own
