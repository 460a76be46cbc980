"""A layer that stores and multiplies its edges only."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from topograph.errors import ParameterError
from topograph.graph import Layer
from topograph.training.engines.pattern import Indices, Pattern
from topograph.training.seeding import seeded_generator

_MOST_EDGES = 2**31 - 1
_BAG_DEVICES = ("cpu",)  # where sums of embeddings are faster than CSR products: measured


@dataclass(frozen=True, eq=False)
class SparseLayout:
    """Where the weights of a sparse layer are: compressed rows of target units, on a device.

    Parameters
    ----------
    offsets : Tensor of int32, shape (n_out + 1,)
        Target unit ``j`` owns the edges ``offsets[j]`` to ``offsets[j + 1] - 1``.
    sources : Tensor of int32, shape (n_edges,)
        Source unit of each edge.
    shape : (int, int)
        ``(n_in, n_out)``.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> pattern = Pattern.of_layer(butterfly().layers[0])
    >>> SparseLayout.of_patterns([pattern, pattern], shared_inputs=True).shape
    (4, 8)
    >>> SparseLayout.of_patterns([pattern, pattern]).shape
    (8, 8)
    """

    offsets: Tensor
    sources: Tensor
    shape: tuple[int, int]

    @classmethod
    def of_patterns(
        cls,
        patterns: Sequence[Pattern],
        device: torch.device | str = "cpu",
        shared_inputs: bool = False,
    ) -> Self:
        """Return one layer that holds several side by side: a block-diagonal matrix.

        Parameters
        ----------
        patterns : sequence of Pattern
            Their target units, and so their edges, follow one another.
        device : torch.device or str, default "cpu"
        shared_inputs : bool, default False
            Whether all have the same source units, instead of units of their own.

        Raises
        ------
        ParameterError
            If there are more edges or units than int32 can count, or shared inputs differ
            in number.
        """
        n_edges = sum(pattern.n_edges for pattern in patterns)
        n_ins, n_outs = zip(*(pattern.shape for pattern in patterns), strict=True)
        if shared_inputs and len(set(n_ins)) > 1:
            raise ParameterError.expected("Widths of shared inputs", "equal", n_ins)
        n_in, n_out = (n_ins[0] if shared_inputs else sum(n_ins)), sum(n_outs)
        if max(n_edges, n_in, n_out) > _MOST_EDGES:
            raise ParameterError.expected(
                "Edges and units of a sparse layer", f"at most {_MOST_EDGES}", n_edges
            )
        offsets = np.zeros(n_out + 1, dtype=np.int32)
        sources = np.empty(n_edges, dtype=np.int32)
        unit = edge = first_source = 0
        for pattern in patterns:
            own = slice(unit + 1, unit + 1 + pattern.shape[1])
            offsets[own] = pattern.offsets[1:] + edge
            sources[edge : edge + pattern.n_edges] = pattern.sources + first_source
            unit, edge = unit + pattern.shape[1], edge + pattern.n_edges
            first_source += 0 if shared_inputs else pattern.shape[0]
        return cls(_tensor(offsets, device), _tensor(sources, device), (n_in, n_out))

    @property
    def n_edges(self) -> int:
        """The number of edges."""
        return len(self.sources)

    @cached_property
    def by_source(self) -> tuple[Tensor, Tensor, Tensor]:
        """The transpose: offsets by source unit, targets, and the number of each edge.

        Made when a gradient on the inputs is first asked for: a first layer never needs it.
        """
        numbers = np.arange(self.n_edges, dtype=np.int32)
        rows = (numbers, self.sources.cpu().numpy(), self.offsets.cpu().numpy())
        columns = scipy.sparse.csr_array(rows, shape=self.shape[::-1]).tocsc()
        device = self.offsets.device
        parts = (columns.indptr, columns.indices, columns.data)
        offsets, targets, order = (_tensor(part, device) for part in parts)
        return offsets, targets, order

    def to(self, device: torch.device | str) -> SparseLayout:
        """Return the same layout on a device."""
        offsets = self.offsets.to(device)
        if offsets is self.offsets:  # also where it is asked to be on "cuda", and is on "cuda:0"
            return self
        return SparseLayout(offsets, self.sources.to(device), self.shape)


def sparse_linear(
    values: Tensor, layout: SparseLayout, x: Tensor, biases: Tensor | None = None
) -> Tensor:
    """Return ``W x + b`` for a sparse ``W``, with gradients on weights, biases and inputs.

    Time and memory grow with edges, not with ``n_in * n_out``; only stored entries are
    multiplied. The sums of each unit are taken in one order: on a CPU, results are the same
    to the last bit in every run.

    Parameters
    ----------
    values : Tensor, shape (n_edges,)
        Weights, in the order of the layout; a dense vector, so that any optimizer can move it.
    layout : SparseLayout
        On the device of the values.
    x : Tensor of the same type, shape (n_in, batch)
        Inputs as columns. On CUDA gradients need float32.
    biases : Tensor, shape (n_out,), optional

    Returns
    -------
    Tensor, shape (n_out, batch)

    Examples
    --------
    >>> from topograph import from_layers
    >>> pattern = Pattern.of_layer(from_layers([[[1, 1], [0, 1]]]).layers[0])
    >>> layout = SparseLayout.of_patterns([pattern])
    >>> sparse_linear(torch.tensor([2.0, 3.0, 5.0]), layout, torch.tensor([[1.0], [10.0]]))
    tensor([[ 2.],
            [53.]])
    """
    if values.shape != (layout.n_edges,) or x.ndim != 2 or x.shape[0] != layout.shape[0]:
        raise ParameterError(
            f"Weights and inputs must have shapes ({layout.n_edges},) and ({layout.shape[0]}, "
            f"batch), but they are {tuple(values.shape)} and {tuple(x.shape)}.",
            hint="inputs are columns: transpose a batch of rows.",
        )
    result: Tensor = _SparseLinear.apply(  # type: ignore[no-untyped-call]
        values, biases, x.contiguous(), layout
    )
    return result


class SparseLinear(nn.Module):
    """A fully connected layer of which only the edges of a pattern exist.

    Parameters
    ----------
    pattern : Pattern or Layer
    bias : bool, default True
    seed : int, default 0
        Of the initial weights: normal, of variance 2 over the fan-in of their unit. Biases
        start at 0.

    Attributes
    ----------
    weight : Parameter, shape (n_edges,)
        In the order of the `Pattern`.
    bias : Parameter, shape (n_out,), or None
    layout : SparseLayout
        Moves with the module; no part of its state dict.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> layer = SparseLinear(butterfly().layers[0])
    >>> layer
    SparseLinear(in_features=4, out_features=4, n_edges=8, bias=True)
    >>> layer(torch.zeros(3, 4)).shape
    torch.Size([3, 4])
    """

    def __init__(self, pattern: Pattern | Layer, bias: bool = True, seed: int = 0) -> None:
        super().__init__()
        if isinstance(pattern, Layer):
            pattern = Pattern.of_layer(pattern)
        self.layout = SparseLayout.of_patterns([pattern])
        fan_in = torch.from_numpy(pattern.fan_in())
        weight = torch.empty(pattern.n_edges).normal_(generator=seeded_generator(seed, "weights"))
        weight *= (2 / fan_in.clamp_min(1).float()).sqrt().repeat_interleave(fan_in)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(pattern.shape[1])) if bias else None

    def extra_repr(self) -> str:
        """Return what `repr` shows."""
        n_in, n_out = self.layout.shape
        return (
            f"in_features={n_in}, out_features={n_out}, n_edges={self.layout.n_edges}, "
            f"bias={self.bias is not None}"
        )

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.layout = self.layout.to(self.weight.device)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map inputs of shape (batch, n_in) to outputs of shape (batch, n_out).

        The outputs are stored column by column, as the next sparse layer wants its inputs.
        """
        return sparse_linear(self.weight, self.layout, x.t(), self.bias).t()


class _SparseLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, values: Tensor, biases: Tensor | None, x: Tensor, layout: SparseLayout
    ) -> Tensor:
        ctx.save_for_backward(values, x)
        ctx.layout = layout
        result = _product(layout.offsets, layout.sources, values, x)
        return result if biases is None else result.add_(biases[:, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        values, x = ctx.saved_tensors
        needs_values, needs_biases, needs_x, _ = ctx.needs_input_grad
        layout, gradient = ctx.layout, gradient.contiguous()
        on_values = _inner_products(layout, gradient, x) if needs_values else None
        on_biases = gradient.sum(dim=1) if needs_biases else None
        on_x = None
        if needs_x:
            offsets, targets, order = layout.by_source
            on_x = _product(offsets, targets, values.index_select(0, order), gradient)
        return on_values, on_biases, on_x, None


def _product(offsets: Tensor, columns: Tensor, values: Tensor, x: Tensor) -> Tensor:
    """Return the product of compressed rows with a dense matrix."""
    if x.device.type in _BAG_DEVICES:
        # a weighted sum of rows, as for word embeddings: twice as fast as the CSR product
        return functional.embedding_bag(
            columns, x, offsets, mode="sum", per_sample_weights=values, include_last_offset=True
        )
    return _compressed(offsets, columns, values, x.shape[0]) @ x


def _inner_products(layout: SparseLayout, gradient: Tensor, x: Tensor) -> Tensor:
    """Return, for each edge, the product of the gradient on its target with its source."""
    found = torch.zeros(layout.n_edges, dtype=x.dtype, device=x.device)
    if layout.n_edges and x.shape[1]:
        matrix = _compressed(layout.offsets, layout.sources, found, layout.shape[0])
        torch.sparse.sampled_addmm(matrix, gradient, x.t(), beta=0.0, out=matrix)
    return found


def _compressed(offsets: Tensor, columns: Tensor, values: Tensor, n_columns: int) -> Tensor:
    _take_beta_warning()
    return torch.sparse_csr_tensor(
        offsets, columns, values, (len(offsets) - 1, n_columns), check_invariants=False
    )


@cache
def _take_beta_warning() -> None:
    """Let PyTorch say here, unheard, what it says once a process: that CSR is in beta.

    Once, and not around every product: changing the filters is not safe among threads.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support", UserWarning)
        torch.sparse_csr_tensor([0, 0], [], [], (1, 1), check_invariants=False)


def _tensor(array: Indices, device: torch.device | str) -> Tensor:
    return torch.from_numpy(array.astype(np.int32, copy=False)).to(device)
