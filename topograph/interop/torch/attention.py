"""Products of tensors of the model with each other, and attention, which is made of them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from torch import Tensor

from topograph.biadjacency.operator import Values
from topograph.interop.torch.layers_of_weights import weight_of
from topograph.interop.torch.step import Handler, Step
from topograph.interop.torch.weights import as_array
from topograph.interop.units.combining import MASKED
from topograph.interop.units.mixing import MIXING, grouped, turned
from topograph.interop.units.mixing import multiplied as product_of
from topograph.interop.units.signals import Scores, Signal

_ARGUMENTS = """
    query key value embed_dim_to_check num_heads in_proj_weight in_proj_bias bias_k bias_v
    add_zero_attn dropout_p out_proj_weight out_proj_bias training key_padding_mask need_weights
    attn_mask use_separate_proj_weight q_proj_weight k_proj_weight v_proj_weight
"""


def _matmul(step: Step) -> Signal:
    one, other = step.args[:2]
    if isinstance(one, Tensor):
        return _from_the_left(step, one, other)
    if isinstance(other, Tensor):
        mask, name = weight_of(step, other, "in-out")
        if mask.ndim > 2:
            step.refuse("a product with a batch of constant matrices has no single mask.")
        mask = mask[:, None] if mask.ndim == 1 else mask
        return step.encoding.linear(one, mask.T, name).viewed(step.shape)
    return multiplied(step, one, other, step.shape)


def _from_the_left(step: Step, constant: Tensor, signal: Signal) -> Signal:
    mask, name = weight_of(step, constant)
    if mask.ndim != 2 or len(signal.shape) < 2:
        step.refuse("a constant from the left must be a matrix, and multiply a matrix.")
    columns = signal.moved(turned)
    return step.encoding.linear(columns, mask, name).moved(turned).viewed(step.shape)


def multiplied(step: Step, one: Signal, other: Signal, shape: tuple[int, ...]) -> Signal:
    """Scores times values are attention; other products may become scores."""
    if len(one.shape) < 2 or len(other.shape) < 2:
        step.refuse("it multiplies vectors of the model.")
    attended = functools.partial(_attended, step)
    return product_of(step.encoding, one, other, shape, step.label, attended)


def _attended(step: Step, scores: Scores, value: Signal, heads: int) -> Signal:
    name = f"{step.scope}.attention" if step.scope else "attention"
    step.note(MIXING)
    step.findings.heads[name] = {"heads": heads, "groups": value.shape[0] // heads}
    return step.encoding.attend(scores.query, scores.key, value, scores.allowed, name)


def _scaled_dot_product(step: Step) -> Any:
    query, key, value = (
        step.argument(place, name) for place, name in enumerate(("query", "key", "value"))
    )
    if len(step.signals()) != 3:
        step.refuse("queries, keys and values must all depend on the input, and masks must not.")
    if step.kwargs.get("enable_gqa"):
        copies = query.shape[-3] // key.shape[-3]
        key, value = (
            signal.moved(lambda numbers: numbers.repeat(copies, -3)) for signal in (key, value)
        )
    tokens, others = query.shape[-2], key.shape[-2]
    batch = step.shape[:-2]
    hidden = _hidden(step.argument(3, "attn_mask"), true_hides=False)
    causal = np.triu(np.ones((tokens, others), dtype=bool), 1)
    if step.argument(5, "is_causal", False):
        hidden = causal if hidden is None else hidden | causal
    allowed = None
    if hidden is not None:
        allowed = ~np.broadcast_to(hidden, (*batch, tokens, others)).reshape(-1, tokens, others)
    query, key, value = (grouped(signal, batch) for signal in (query, key, value))
    mixed = _attended(step, Scores(query, key, allowed), value, batch[-1] if batch else 1)
    made = mixed.viewed(step.shape)
    value_of = step.node.meta["value"]
    return made if isinstance(value_of, Tensor) else (made, *(None for _ in value_of[1:]))


def _hidden(mask: Any, true_hides: bool) -> Values | None:
    """Return what a mask hides: where a boolean is ``true_hides``, or a number very negative."""
    if mask is None:
        return None
    array = as_array(mask)
    hidden: Values = array == true_hides if array.dtype == np.bool_ else array <= MASKED
    return hidden


def _multi_head(step: Step) -> tuple[Signal, None]:
    """``multi_head_attention_forward``, which `torch.nn.MultiheadAttention` calls."""
    given = {**dict(zip(_ARGUMENTS.split(), step.args, strict=False)), **step.kwargs}
    if len(step.signals()) != 3:
        step.refuse("queries, keys and values must all depend on the input, and masks must not.")
    tensors = [given["query"], given["key"], given["value"]]
    if given.get("use_separate_proj_weight"):
        weights = [given[f"{part}_proj_weight"] for part in "qkv"]
        parts = [_projected(step, *pair) for pair in zip(tensors, weights, strict=True)]
    else:
        parts = _projected_together(step, tensors, given["in_proj_weight"])
    heads = int(given["num_heads"])
    query, key, value = (_by_head(part, heads) for part in parts)
    hidden = _hidden(given.get("attn_mask"), true_hides=True)
    if given.get("is_causal") and hidden is None:
        hidden = np.triu(np.ones((query.shape[1], key.shape[1]), dtype=bool), 1)
    if hidden is not None:
        hidden = np.broadcast_to(hidden, (query.shape[0], *hidden.shape[-2:]))
    padding = _hidden(given.get("key_padding_mask"), true_hides=True)
    if padding is not None:
        padding = padding.reshape(-1, 1, key.shape[1]).repeat(heads, axis=0)
        hidden = padding if hidden is None else hidden | padding
    allowed = None
    if hidden is not None:
        allowed = ~np.broadcast_to(hidden, (query.shape[0], query.shape[1], key.shape[1]))
    mixed = _attended(step, Scores(query, key, allowed), value, heads)
    together = mixed.moved(lambda numbers: numbers.swapaxes(0, 1)).viewed(parts[0].shape)
    made = _projected(step, together, given["out_proj_weight"])
    return made.viewed(step.shape), None


def _projected_together(step: Step, tensors: list[Signal], weight: Tensor) -> list[Signal]:
    """One layer for all three where they are of the same tensor, else three."""
    query, key, value = tensors
    width = weight.shape[0] // 3
    if query is key is value or (query.terms == key.terms == value.terms):
        made = step.wiring.bare(_projected(step, query, weight))
        return [
            made.moved(lambda numbers, part=part: np.split(numbers, 3, -1)[part])  # type: ignore[misc]
            for part in range(3)
        ]
    mask, parameter = step.weights.kept(weight, step.scope)
    found = []
    for number, (part, signal) in enumerate(zip(("query", "key", "value"), tensors, strict=True)):
        name = f"{parameter or step.label}/{part}"
        rows = slice(number * width, (number + 1) * width)
        step.findings.parameters[name] = {"name": parameter, "rows": [rows.start, rows.stop]}
        found.append(step.encoding.linear(signal, mask[rows], name))
    return found


def _projected(step: Step, signal: Signal, weight: Tensor) -> Signal:
    alone = _with_args(step, (signal, weight))
    mask, name = weight_of(alone, weight)
    return step.encoding.linear(signal, mask, name)


def _with_args(step: Step, args: tuple[Any, ...]) -> Step:
    """Return the step with other arguments."""
    return Step(step.node, args, {}, step.encoding, step.weights, step.findings)


def _by_head(signal: Signal, heads: int) -> Signal:
    """Turn (tokens, samples, features) to (samples x heads, tokens, features of a head)."""
    tokens, features = signal.shape[0], signal.shape[-1]
    groups = signal.size // (tokens * features) * heads
    return signal.viewed((tokens, groups, features // heads)).moved(
        lambda numbers: numbers.swapaxes(0, 1)
    )


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("matmul", "bmm", "mm"), _matmul),
    "scaled_dot_product_attention": _scaled_dot_product,
    "_scaled_dot_product_flash_attention_for_cpu": _scaled_dot_product,
    "multi_head_attention_forward": _multi_head,
}
