"""What torch calls the operations that join no units, by kind."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node
from torch.fx.node import map_arg


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONSTANTS = _words("""
    zeros_like ones_like empty_like full_like rand_like randn_like randint_like new_zeros new_ones
    new_empty new_full new_tensor
""")
"""Their result depends on the shape of a tensor alone."""

NEEDS_VALUES = _words("""
    __bool__ __int__ __float__ __complex__ __index__ __contains__ __array__ item tolist numpy
    equal allclose is_nonzero nonzero argwhere unique unique_consecutive masked_select bincount
    _local_scalar_dense
""")
"""Their result depends on values, which a graph does not have."""

NORMALISATIONS = _words("""
    batch_norm instance_norm layer_norm group_norm local_response_norm rms_norm normalize
    native_layer_norm native_group_norm _native_batch_norm_legit_no_training cudnn_batch_norm
    softmax log_softmax softmin _softmax _log_softmax gumbel_softmax special_softmax
""")
"""Statistics couple entries, and are not counted as edges."""

ELEMENTWISE = NORMALISATIONS | _words("""
    relu relu6 hardtanh hardswish hardsigmoid leaky_relu prelu rrelu elu selu celu gelu silu mish
    sigmoid logsigmoid log_sigmoid tanh softplus softsign tanhshrink softshrink hardshrink
    threshold dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout
    feature_alpha_dropout native_dropout abs absolute neg negative positive pos square sqrt rsqrt
    exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh erf erfc reciprocal
    sign sgn round floor ceil trunc frac clamp clip clamp_min clamp_max nan_to_num logical_not
    invert bitwise_not isnan isinf isfinite bernoulli contiguous clone detach alias lift_fresh_copy
    lift_fresh to type type_as float half double bfloat16 bool long int cpu cuda requires_grad
    identity fake_quantize_per_tensor_affine _to_copy
""")
"""Each entry of the result reads the same entry of the first tensor."""

SUMS = _words("add sub subtract radd rsub")
"""Of two tensors: their paths add."""

PRODUCTS = _words("""
    mul multiply rmul div divide true_divide truediv rdiv rtruediv floordiv floor_divide rfloordiv
    remainder mod fmod rmod pow rpow
    float_power maximum minimum fmax fmin atan2 hypot logaddexp xlogy lt le gt ge eq ne logical_and
    logical_or logical_xor and or xor bitwise_and bitwise_or bitwise_xor
""")
"""Of two tensors: each entry reads both, and an edge that both give counts once."""

VIEWS = _words("""
    view reshape flatten unflatten squeeze unsqueeze view_as reshape_as _unsafe_view ravel
    _reshape_alias atleast_1d atleast_2d atleast_3d
""")
"""Same entries in the same order."""

JOINING = _words("cat concat concatenate stack hstack vstack dstack column_stack")
"""Several tensors side by side."""

MOVES = JOINING | _words("""
    permute transpose swapaxes swapdims movedim moveaxis t T mT H mH adjoint expand expand_as
    broadcast_to repeat tile repeat_interleave roll flip fliplr flipud rot90 getitem select slice
    narrow index_select index take_along_dim gather chunk split split_with_sizes tensor_split
    unsafe_chunk unsafe_split hsplit vsplit dsplit unbind pad constant_pad_nd reflection_pad1d
    reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
    pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle unfold diagonal tril triu
    setitem slice_scatter select_scatter copy upsample_nearest1d upsample_nearest2d
    upsample_nearest3d zero
""")
"""Each entry of the result copies one entry, or a constant."""


def called_name(target: Any) -> str:
    """Return what an operation is called, whether a method, a function or one of ATen."""
    if isinstance(target, str):
        return target
    if getattr(target, "__name__", "") in ("__get__", "__set__"):  # of a property
        return str(target.__self__.__name__)
    if isinstance(target, torch._ops.OpOverload):
        return str(target._schema.name).rpartition("::")[2]
    return str(getattr(target, "__name__", target))


def plain_name(called: str) -> str:
    """Return the name without what says that the change is in place.

    Examples
    --------
    >>> [plain_name(name) for name in ("add_", "iadd", "__add__", "and_", "_softmax")]
    ['add', 'add', 'add', 'and', '_softmax']
    """
    if called.startswith("__") and called.endswith("__"):
        called = called.strip("_")
    if called in _IN_PLACE_OPERATORS:
        called = called[1:]
    return called.rstrip("_") or called


def changes_in_place(called: str, args: Any, kwargs: Any) -> bool:
    """Whether units change under the tensor's other names: more than an activation in place."""
    plain = plain_name(called)
    if plain != "setitem" and not is_in_place(called):
        return False
    return bool(nodes_in((args[1:], kwargs))) or plain not in _KEEPING_UNITS


def is_in_place(called: str) -> bool:
    """Whether an operation changes its first tensor."""
    return called in _IN_PLACE_OPERATORS or _ends_in_place(called)


def nodes_in(argument: Any) -> list[Node]:
    """Return the nodes among arguments, each as often as it stands there."""
    found: list[Node] = []

    def find(node: Node) -> Node:
        found.append(node)
        return node

    map_arg(argument, find)
    return found


_IN_PLACE_OPERATORS = _words("iadd isub imul itruediv ifloordiv ipow imod iand ior ixor")
_KEEPING_UNITS = ELEMENTWISE | SUMS | PRODUCTS | {"masked_fill"}


def _ends_in_place(called: str) -> bool:
    return called.endswith("_") and called not in ("and_", "or_") and not called.endswith("__")
