"""A device to catch what would fail on another: tensors on it hold their numbers on the CPU.

A tensor on the device says that it is on ``meta`` and does not mix with tensors of the CPU, by the
rules of CUDA: none with dimensions but as an index or in a copy, and no random numbers from a
generator of the CPU. Everything is computed on the CPU, so that results are equal bit by bit.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

PRETENDED = torch.device("meta")
_ATEN = torch.ops.aten
_COPIES = {_ATEN._to_copy.default, _ATEN.copy_.default, _ATEN.copy.default}
_INDEXED = {
    _ATEN.index.Tensor,
    _ATEN.index_put_.default,
    _ATEN.index_put.default,
    _ATEN._unsafe_index.Tensor,
    _ATEN._index_put_impl_.default,
}


class Elsewhere(torch.Tensor):
    """A tensor on the device; ``held`` has its numbers."""

    @staticmethod
    def __new__(cls, held):
        strided = held.layout == torch.strided
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride() if strided else None,
            storage_offset=held.storage_offset() if strided else None,
            dtype=held.dtype,
            layout=held.layout,
            device=PRETENDED,
            requires_grad=held.requires_grad,
        )

    def __init__(self, held):
        self.held = held.detach()

    def __repr__(self):
        return f"Elsewhere({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


class _Device(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


class _FromNumbers(TorchFunctionMode):
    """`torch.tensor` gives ``meta`` no numbers; here it makes them on the CPU and sends them."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.tensor and torch.device(kwargs.get("device") or "cpu") == PRETENDED:
            return func(*args, **{**kwargs, "device": "cpu"}).to(PRETENDED)
        if func is torch.Tensor.tolist:
            return args[0].cpu().numpy().tolist()
        return func(*args, **kwargs)


@contextmanager
def pretended_device():
    """Have the device; leave no tensor of it behind."""
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(True)  # else `held` would stay behind
    try:
        with warnings.catch_warnings(), _Device(), _FromNumbers():
            # true of ``meta``, but here such a copy has numbers
            warnings.filterwarnings("ignore", ".*copying from a non-meta parameter")
            yield PRETENDED
    finally:
        torch.__future__.set_swap_module_params_on_conversion(before)


def _computed(func, args, kwargs):
    tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, torch.Tensor)]
    there = any(isinstance(one, Elsewhere) for one in tensors)
    asked = kwargs.get("device")
    asked = None if asked is None else torch.device(asked)
    if there:
        _check(func, args, tensors)
    goes_there = asked == PRETENDED or (there and asked is None)
    if goes_there and kwargs.get("generator") is not None:
        raise RuntimeError(f"{func}: a generator of the CPU draws nothing on the device")
    given = {**kwargs, "device": torch.device("cpu")} if asked is not None else kwargs
    inner_args, inner = tree_map(_held, (args, given))
    found = func(*inner_args, **inner)
    if func is _ATEN.copy_.default:
        goes_there = isinstance(args[0], Elsewhere)
    if not goes_there:
        return found
    wrapped = tree_map(lambda one: Elsewhere(one) if isinstance(one, torch.Tensor) else one, found)
    if not there:
        return wrapped
    return return_and_correct_aliasing(func, args, kwargs, wrapped)


def _held(one):
    return one.held if isinstance(one, Elsewhere) else one


def _check(func, args, tensors):
    if func in _COPIES:
        return
    if func in _INDEXED:
        places = [one for one in args[1] if one is not None]
        tensors = [one for one in tensors if not any(one is place for place in places)]
        if not isinstance(args[0], Elsewhere):
            raise RuntimeError(f"{func}: a tensor of the CPU is indexed by one of the device")
    mixed = [one for one in tensors if not isinstance(one, Elsewhere) and one.ndim]
    if mixed:
        shapes = [tuple(one.shape) for one in mixed]
        raise RuntimeError(f"{func}: tensors of the CPU, of shapes {shapes}, among the device's")
