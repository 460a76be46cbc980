"""RadiX layers as products of small dense tiles: no index arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from topograph.biadjacency import Kronecker

_SMALLEST_TILES = (4, 16)  # measured on a CPU: below, the sparse product is faster
_LONG_RADIX, _LONG_TILE = 128, 64  # the same for tiles with zeros


@dataclass(frozen=True)
class BandedForm:
    r"""The layer ``ones(dense_in, dense_out) kron C`` as bands of dense tiles.

    The circulant ``C`` of ``n_bands * length`` units falls apart into ``n_bands`` circulants
    of stride 1: unit ``q * n_bands + p`` is place ``q`` of band ``p``, and hears the places
    ``q + first + k (mod length)``, ``k = 0 .. radix - 1``, of that band. So a run of ``tile``
    places hears a window of ``tile + radix - 1``, and windows are overlapping views of one
    padded array. A tile is a dense matrix; with ``tile = 1`` it has no zeros.

    Weights in the order of the form have shape
    ``(n_bands, length, dense_out, radix, dense_in)``.

    Parameters
    ----------
    n_bands, length, radix, first, dense_in, dense_out : int
        ``first`` is 0, or ``1 - radix`` where shifts go up.
    tile : int
        A divisor of ``length``.

    Examples
    --------
    >>> BandedForm.of(Kronecker(1024, radix=8, place_value=8, dense_in=16, dense_out=32))
    BandedForm(n_bands=8, length=128, radix=8, first=-7, dense_in=16, dense_out=32, tile=1)

    The last digit of a mixed-radix system joins all places of a band: dense blocks.

    >>> BandedForm.of(Kronecker(1024, radix=8, place_value=128))
    BandedForm(n_bands=1, length=128, radix=1, first=0, dense_in=8, dense_out=8, tile=1)
    """

    n_bands: int
    length: int
    radix: int
    first: int
    dense_in: int
    dense_out: int
    tile: int = 1

    @classmethod
    def of(cls, layer: Kronecker, tile: int = 1) -> Self:
        """Return the form of a layer, its row order left out.

        Parameters
        ----------
        layer : Kronecker
        tile : int, default 1
            Made smaller if it does not divide the length.
        """
        stride, radix = layer.place_value, layer.radix
        length = layer.base // stride
        if length == radix:
            return cls(1, stride, 1, 0, layer.dense_in * radix, layer.dense_out * radix)
        first = 0 if layer.direction == -1 else 1 - radix
        tile = math.gcd(tile, length)
        return cls(stride, length, radix, first, layer.dense_in, layer.dense_out, tile)

    @property
    def n_tiles(self) -> int:
        """Tiles of a band."""
        return self.length // self.tile

    @property
    def window(self) -> int:
        """Places that a tile hears, rounded up to whole tiles."""
        return self.tile * -(-(self.tile + self.radix - 1) // self.tile)

    def edges(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return target and source of each weight in the order of the form."""
        sizes = (self.n_bands, self.length, self.dense_out, self.radix, self.dense_in)
        band, place, target, shift, source = np.ix_(*map(np.arange, sizes))
        heard = (place + self.first + shift) % self.length
        targets = (target * self.length + place) * self.n_bands + band
        sources = (source * self.length + heard) * self.n_bands + band
        both = np.broadcast_arrays(targets, sources)
        return both[0].reshape(-1), both[1].reshape(-1)

    def by_place(self, values: Tensor, dense: int) -> Tensor:
        """Return a view (n_bands, length, dense, batch) of values of units (n, batch)."""
        return values.view(dense, self.length, self.n_bands, -1).permute(2, 1, 0, 3)

    def pad(self, values: Tensor) -> Tensor:
        """Return the inputs of each band, from the first place heard and once around."""
        places = self.by_place(values, self.dense_in)
        return torch.cat([places[:, heard] for _, heard in self._pieces()], dim=1)

    def fold(self, padded: Tensor) -> Tensor:
        """Return values of units: sums over the copies of a place, the transpose of `pad`."""
        n_units = self.dense_in * self.length * self.n_bands
        values = padded.new_empty(n_units, padded.shape[-1])
        places, seen = self.by_place(values, self.dense_in), 0
        for own, heard in self._pieces():
            new = max(0, min(self.length - seen, own.stop - own.start))
            places[:, heard.start : heard.start + new] = padded[:, own.start : own.start + new]
            places[:, heard.start + new : heard.stop] += padded[:, own.start + new : own.stop]
            seen += new
        return values

    def _pieces(self) -> Iterator[tuple[slice, slice]]:
        """Return the runs of a padded band, and the places they are copies of."""
        end, begin, place = self.length + self.window - self.tile, 0, self.first % self.length
        while begin < end:
            size = min(end - begin, self.length - place)
            yield slice(begin, begin + size), slice(place, place + size)
            begin, place = begin + size, 0

    def windows(self, band: Tensor) -> Tensor:
        """Return what each tile of a padded band hears: (n_tiles, window * dense_in, batch)."""
        batch, rows = band.shape[-1], self.window * self.dense_in
        stride = self.tile * self.dense_in * batch
        return band.as_strided((self.n_tiles, rows, batch), (stride, batch, 1))

    def fill(self, weights: Tensor) -> Tensor:
        """Return the tiles of all bands, (n_bands, n_tiles, rows, columns)."""
        rows, columns = self.tile * self.dense_out, self.window * self.dense_in
        shape = (self.n_bands, self.n_tiles, rows, columns)
        if self.tile == 1:
            return weights.view(shape)
        tiles = weights.new_zeros(shape)
        for band, own in zip(tiles, weights.view(self.n_bands, -1), strict=True):
            diagonal = self.diagonal(band)
            diagonal.copy_(own.view(diagonal.shape))
        return tiles

    def diagonal(self, tiles: Tensor) -> Tensor:
        """Return the view of the tiles of a band that holds the edges."""
        rows, columns = tiles.shape[-2:]
        shape = (self.n_tiles, self.tile, self.dense_out, self.radix * self.dense_in)
        along = self.dense_out * columns + self.dense_in
        return tiles.as_strided(shape, (rows * columns, along, columns, 1))


def suitable_form(layer: Kronecker) -> BandedForm | None:
    """Return the form in which a layer is faster than as a sparse one; None if there is none.

    Examples
    --------
    >>> suitable_form(Kronecker(1024, 8, 1, 16, 16)) is None
    False
    >>> suitable_form(Kronecker(1024, 8, 1, 2, 2)) is None
    True
    """
    form = BandedForm.of(layer)
    sizes = sorted((form.dense_in, form.dense_out))
    if form.n_bands * form.length == 1 or all(map(int.__ge__, sizes, _SMALLEST_TILES)):
        return form
    if sizes == [1, 1] and form.radix >= _LONG_RADIX:
        return BandedForm.of(layer, _LONG_TILE)
    return None


def banded_linear(weights: Tensor, form: BandedForm, x: Tensor) -> Tensor:
    """Return ``W x`` for a RadiX layer, with gradients on weights and inputs.

    Parameters
    ----------
    weights : Tensor, shape (n_edges,)
        In the order of the form.
    form : BandedForm
    x : Tensor, shape (n_in, batch)
        Inputs as columns.

    Returns
    -------
    Tensor, shape (n_out, batch)

    Examples
    --------
    >>> form = BandedForm.of(Kronecker(base=4, radix=2, place_value=1, direction=-1))
    >>> x = torch.tensor([[1.0], [10.0], [100.0], [1000.0]])
    >>> banded_linear(torch.ones(8), form, x).flatten()
    tensor([  11.,  110., 1100., 1001.])
    """
    result: Tensor = _BandedLinear.apply(  # type: ignore[no-untyped-call]
        weights.contiguous(), x.contiguous(), form
    )
    return result


class _BandedLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, x: Tensor, form: BandedForm) -> Tensor:
        ctx.form, batch = form, x.shape[1]
        padded, tiles = form.pad(x), form.fill(weights)
        ctx.save_for_backward(weights, padded)
        result = x.new_empty(form.dense_out * form.length * form.n_bands, batch)
        places = form.by_place(result, form.dense_out)
        made = places if places.is_contiguous() else x.new_empty(places.shape)
        outputs = made.view(form.n_bands, form.n_tiles, form.tile * form.dense_out, batch)
        for band, own, found in zip(padded, tiles, outputs, strict=True):
            torch.bmm(own, form.windows(band), out=found)
        if made is not places:
            places.copy_(made)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weights, padded = ctx.saved_tensors
        form: BandedForm = ctx.form
        places = form.by_place(gradient.contiguous(), form.dense_out)
        shape = (form.n_bands, form.n_tiles, form.tile * form.dense_out, -1)
        upstream = places.reshape(shape)
        on_weights = _on_weights(form, padded, upstream) if ctx.needs_input_grad[0] else None
        on_x = _on_inputs(form, weights, upstream, padded) if ctx.needs_input_grad[1] else None
        return on_weights, on_x, None


def _on_weights(form: BandedForm, padded: Tensor, upstream: Tensor) -> Tensor:
    shape = (form.n_bands, form.n_tiles, form.tile, form.dense_out, form.radix * form.dense_in)
    found = padded.new_empty(shape)
    for band, own, kept in zip(padded, upstream, found, strict=True):
        windows = form.windows(band).transpose(1, 2)
        if form.tile == 1:
            torch.bmm(own, windows, out=kept[:, 0])
        else:
            kept.copy_(form.diagonal(torch.bmm(own, windows)))
    return found.view(-1)


def _on_inputs(form: BandedForm, weights: Tensor, upstream: Tensor, like: Tensor) -> Tensor:
    """Return the gradient on the inputs: windows overlap, so one tile's width at a time."""
    found, tiles = torch.zeros_like(like), form.fill(weights)
    width = form.tile * form.dense_in
    for band, matrices, own in zip(found, tiles, upstream, strict=True):
        runs = band.view(-1, width, band.shape[-1])
        for number in range(form.window // form.tile):
            part = matrices[:, :, number * width : (number + 1) * width]
            runs[number : number + form.n_tiles].baddbmm_(part.transpose(1, 2), own)
    return form.fold(found)
