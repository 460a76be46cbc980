"""What a net of convolutions does with an input, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from topograph.errors import GraphError

Step: TypeAlias = dict[str, Any]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_FUNCTIONS = (torch.relu, torch.tanh, torch.sigmoid)  # called without a module
_POOLINGS = {
    nn.MaxPool1d: "max_pooling",
    nn.MaxPool2d: "max_pooling",
    nn.MaxPool3d: "max_pooling",
    nn.AvgPool1d: "average_pooling",
    nn.AvgPool2d: "average_pooling",
    nn.AvgPool3d: "average_pooling",
}
_ADAPTIVE = {
    nn.AdaptiveMaxPool1d: "max_pooling",
    nn.AdaptiveMaxPool2d: "max_pooling",
    nn.AdaptiveMaxPool3d: "max_pooling",
    nn.AdaptiveAvgPool1d: "average_pooling",
    nn.AdaptiveAvgPool2d: "average_pooling",
    nn.AdaptiveAvgPool3d: "average_pooling",
}


@torch.no_grad()
def describe_layers(module: nn.Module, input_shape: Sequence[int]) -> list[Step]:
    """Layers that join or move units, in the order in which an input passes them.

    Parameters
    ----------
    module : nn.Module
        Layers are called one after another; what happens between them is not seen.
    input_shape : sequence of int
        Of one input, without the batch.

    Returns
    -------
    list of dict
        Kind and geometry of each convolution, pooling, flattening and linear layer, with the
        shapes of its input and output; see docs/pruning.md. Layers that work unit by unit,
        such as ReLU, and normalisations are left out. An adaptive pooling into windows of one
        size is the pooling that it amounts to. A layer that reads anything else than what the
        layer before it gives ``joins``, and so does one behind a layer of another kind that
        changes the shape: then the net is no chain.

    Raises
    ------
    GraphError
        If a layer is used twice, or a convolution pads with anything but zeros.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten())
    >>> [step["kind"] for step in describe_layers(net, (1, 4, 4))]
    ['convolution', 'flatten']
    """
    recorder = _Recorder()
    handles = []
    for name, child in module.named_modules():
        if next(child.children(), None) is None:
            handles.append(child.register_forward_hook(recorder.hook(name)))
    some = next(module.parameters())
    generator = torch.Generator().manual_seed(0)  # sums of zeros could not be told from a chain
    values = torch.randn(1, *input_shape, generator=generator, dtype=some.dtype)
    was_training = module.training
    try:
        module.eval()(values.to(some.device))
    finally:
        module.train(was_training)
        for handle in handles:
            handle.remove()
    steps = recorder.steps
    names = [step["name"] for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise GraphError(f"A layer must be used once in a net, but {name!r} is used again.")
    return steps


class _Recorder:
    """Keeps what the layers are and whether each reads what the one before it gave."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._last: Tensor | None = None
        self._is_joined = False  # since the last step

    def hook(self, name: str) -> Any:
        """Return what is called after the layer of that name."""

        def keep(child: nn.Module, given: tuple[Tensor, ...], got: Tensor) -> None:
            self._is_joined |= self._last is not None and not _follows(given[0], self._last)
            self._last = got.clone()  # a layer after it may work in place
            found = _geometry(name, child) or _fixed_pooling(child, given[0], got)
            if found is None:
                self._is_joined |= given[0].shape != got.shape and not _follows(got, given[0])
                return
            step = {"name": name, **found}
            step |= {"input": list(given[0].shape[1:]), "output": list(got.shape[1:])}
            if self._is_joined:
                step["joins"] = True
            self.steps.append(step)
            self._is_joined = False

        return keep


def _follows(given: Tensor, last: Tensor) -> bool:
    """Whether these are the same values, flattened or passed through a usual function at most."""
    if given.numel() != last.numel():
        return False
    same = last.reshape(given.shape)
    return torch.equal(given, same) or any(
        torch.equal(given, function(same)) for function in _FUNCTIONS
    )


def _geometry(name: str, child: nn.Module) -> Step | None:
    if isinstance(child, nn.Linear):
        return {"kind": "linear"}
    if isinstance(child, nn.Flatten):
        return {"kind": "flatten"}
    if isinstance(child, _CONVOLUTIONS):
        if child.padding_mode != "zeros":
            raise GraphError(
                f"Layer {name!r} must pad with zeros, but it has padding mode "
                f"{child.padding_mode!r}."
            )
        return {
            "kind": "convolution",
            "stride": list(child.stride),
            "padding": _padding(child),
            "dilation": list(child.dilation),
            "groups": child.groups,
        }
    for kind, said in _POOLINGS.items():
        if isinstance(child, kind):
            rank = int(kind.__name__[-2])
            return {
                "kind": said,
                "size": _each(child.kernel_size, rank),
                "stride": _each(child.stride, rank),
                "padding": [[side, side] for side in _each(child.padding, rank)],
                "dilation": _each(getattr(child, "dilation", 1), rank),
                "ceil_mode": bool(child.ceil_mode),
            }
    return None


def _fixed_pooling(child: nn.Module, given: Tensor, got: Tensor) -> Step | None:
    """Return an adaptive pooling whose windows are of one size and side by side, else None."""
    sides = list(zip(given.shape[2:], got.shape[2:], strict=False))
    for kind, said in _ADAPTIVE.items():
        if isinstance(child, kind) and not any(before % after for before, after in sides):
            size = [before // after for before, after in sides]
            return {
                "kind": said,
                "size": size,
                "stride": size,
                "padding": [[0, 0] for _ in size],
                "dilation": [1 for _ in size],
                "ceil_mode": False,
            }
    return None


def _padding(child: Any) -> list[list[int]]:
    """Return the zeros before and after each dimension; torch's "same" puts the odd one last."""
    if child.padding == "valid":
        return [[0, 0] for _ in child.kernel_size]
    if child.padding == "same":
        totals = [d * (k - 1) for d, k in zip(child.dilation, child.kernel_size, strict=True)]
        return [[total // 2, total - total // 2] for total in totals]
    return [[side, side] for side in child.padding]


def _each(value: Any, rank: int) -> list[int]:
    return [int(side) for side in value] if isinstance(value, tuple) else [int(value)] * rank
