"""What `from_module` is asked for: inputs, options, and which of several outputs."""

from __future__ import annotations

import pytest
from torch import nn

from tests.interop.torch.nets import Forward
from topograph.errors import ParameterError
from topograph.interop.torch import from_module


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"input_shape": (3, 2)}, r"must run on a sample of shape \(3, 2\)"),
        ({"input_shape": ()}, "positive whole numbers"),
        ({"input_shape": (0,)}, "positive whole numbers"),
        ({"input_shape": 3}, "positive whole numbers"),
        ({"encoding": "units"}, "encoding must be 'unrolled' or 'channel'"),
        ({"skips": "no"}, "skips must be 'with' or 'without'"),
        ({"threshold": -1}, "threshold must be"),
        ({"output": 3}, "output must be one of 0..1"),
        ({}, "returns 2 things"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, said):
    module = Forward(lambda self, x: (self.a(x), self.b(x)), a=nn.Linear(3, 2), b=nn.Linear(3, 1))
    with pytest.raises(ParameterError, match=said):
        from_module(module, **{"input_shape": (3,), **arguments})


def test_one_of_several_outputs_can_be_chosen():
    module = Forward(lambda self, x: (self.a(x), self.b(x)), a=nn.Linear(3, 2), b=nn.Linear(3, 1))
    graph = from_module(module, (3,), output=1)
    assert [layer.name for layer in graph.layers] == ["b"]
    assert any("'a.weight' does not lead" in sentence for sentence in graph.skipped)
    named = Forward(lambda self, x: {"x": self.a(x), "y": self.b(x)}, a=module.a, b=module.b)
    assert from_module(named, (3,), output="y").equals(graph)


def test_outputs_that_are_nested_are_chosen_key_by_key():
    module = Forward(
        lambda self, x: {"heads": (self.a(x), [self.b(x)]), "loss": None},
        a=nn.Linear(3, 2),
        b=nn.Linear(3, 1),
    )
    assert from_module(module, (3,), output=("heads", 0)).widths == (3, 2)
    for chosen in (("heads", 1), ("heads", 1, 0), ("heads", -1, -1)):
        assert from_module(module, (3,), output=chosen).widths == (3, 1)
    for chosen, said in (
        ("heads", "returns 2 things at 'heads'"),
        ("loss", "returns NoneType at 'loss'"),
        (("heads", "a"), r"output after \('heads',\) must be one of 0..1, but it is 'a'"),
        (("loss", 0), "returns NoneType at"),
    ):
        with pytest.raises(ParameterError, match=said):
            from_module(module, (3,), output=chosen)


def test_several_inputs_are_refused():
    module = Forward(lambda _, x, y: x + y)
    with pytest.raises(ParameterError, match="the module must take one tensor"):
        from_module(module, (3,))
