"""Members one by one in compiled loops over their edges, on the cores of a CPU."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from topograph.errors import MissingExtraError, ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import Floats, Inference, check_members, flat_images
from topograph.training.engines.kernel_arrays import Ensemble, Layout, Rules
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.recipes import Recipe

_TRAINING, _DIVERGED, _RETIRED = 0, 1, 2
_IMAGES_AT_ONCE = 128


class KernelEngine:
    """Loops over edges, compiled by numba.

    Time and memory grow with the edges. Widths, densities and numbers of layers may differ
    from member to member. Members are shared out to threads; a thread takes each step for all
    of its members before the next, so that it brings the images of a batch into place once.

    A member whose loss is not finite is not trained any further: its weights stay as they
    were before that step.

    Parameters
    ----------
    members, data, recipe, device
        As of `Engine`; the device must be the CPU.
    n_threads : int, optional
        By default the number of CPUs that this process may use.

    Raises
    ------
    MissingExtraError
        If numba is not installed.
    ParameterError
        If the device is not the CPU, or the data do not fit.
    """

    name: ClassVar[str] = "kernel"

    def __init__(
        self,
        members: Sequence[Member],
        data: Dataset,
        recipe: Recipe,
        device: torch.device,
        n_threads: int | None = None,
    ) -> None:
        try:
            from topograph.training.engines import kernel_loops
        except ImportError as error:
            raise MissingExtraError.of("numba", "fast") from error
        if device.type != "cpu":
            raise ParameterError.expected("device", "the CPU for the engine kernel", str(device))
        if n_threads is not None and n_threads < 1:
            raise ParameterError.expected("n_threads", "at least 1", n_threads)
        self.members = check_members(members, data, recipe)
        self.recipe, self.device, self._loops = recipe, device, kernel_loops
        self.n_threads = _n_cpus() if n_threads is None else n_threads
        images, labels = flat_images(data)
        self._images, self._labels = images.numpy(), labels.numpy()
        self._make_layout()
        self._make_parameters()
        self._status = np.full(len(self.members), _TRAINING)
        self._steps = 0
        self._has_gradients = False

    def _make_layout(self) -> None:
        patterns = [pattern for member in self.members for pattern in member.patterns]
        fans = [pattern.fan_in() for pattern in patterns]
        self._layout = Layout(
            _starts([len(member.patterns) for member in self.members]),
            _starts([pattern.shape[1] for pattern in patterns]),
            _starts(np.concatenate(fans)),
            np.concatenate([pattern.sources.astype(np.int32) for pattern in patterns]),
        )
        self._rows = max(sum(member.widths) for member in self.members)

    def _make_parameters(self) -> None:
        recipe = self.recipe
        drawn = [layer for member in self.members for layer in initial_parameters(member, recipe)]
        weights = torch.cat([layer.weights for layer in drawn]).numpy()
        held = [layer.biases for layer in drawn if layer.biases is not None]
        biases = torch.cat(held).numpy() if held else np.zeros(0, np.float32)
        is_adam = recipe.optimizer != "sgd"
        n_moments = 2 if is_adam else 1 if recipe.momentum else 0

        def with_room(parameters: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
            moments = [np.zeros(parameters.size * (n_moments > at), np.float32) for at in (0, 1)]
            return [parameters, np.zeros_like(parameters), *moments]

        self._ensemble = Ensemble(*with_room(weights), *with_room(biases))
        first, second = recipe.betas if is_adam else (recipe.momentum, 0.0)
        self._rules = Rules(
            is_adam=is_adam,
            first=float(first),
            second=float(second),
            epsilon=float(recipe.epsilon),
            l2=float(recipe.l2),
            weight_decay=float(recipe.weight_decay),
            label_smoothing=float(recipe.label_smoothing),
            relu_logits=recipe.relu_logits,
            has_biases=recipe.biases,
        )

    def advance(self, order: Tensor, rates: Sequence[float]) -> Floats:
        """Take one step a row of ``order``; see `Engine`."""
        rows = np.ascontiguousarray(order.numpy())
        factors = np.array([member.rate_factor for member in self.members])
        own_rates = np.multiply.outer(np.array(rates, dtype=np.float64), factors)
        losses = np.full((len(rows), len(self.members)), np.nan, dtype=np.float32)

        def train(group: npt.NDArray[np.int64]) -> None:
            values, gradients = (np.empty((self._rows, rows.shape[1]), np.float32) for _ in "vg")
            self._loops.train(
                self._layout,
                self._rules,
                self._ensemble,
                group,
                self._images,
                self._labels,
                rows,
                own_rates,
                self._steps,
                values,
                gradients,
                losses,
            )

        training = np.flatnonzero(self._status == _TRAINING)
        self._share_out(training, train)
        self._steps += len(rows)
        if len(rows):
            self._has_gradients = True
            self._status[training[~np.isfinite(losses[-1, training])]] = _DIVERGED
        return losses

    def _share_out(
        self, members: npt.NDArray[np.int64], job: Callable[[npt.NDArray[np.int64]], None]
    ) -> None:
        """Call ``job`` in threads, on groups of members with about as many edges each."""
        n_groups = min(self.n_threads, len(members))
        groups: list[list[int]] = [[] for _ in range(n_groups)]
        loads = [0] * n_groups
        for member in sorted(members.tolist(), key=lambda each: -self.members[each].n_edges):
            lightest = loads.index(min(loads))
            groups[lightest].append(member)
            loads[lightest] += self.members[member].n_edges + 1
        if not groups:
            return
        with ThreadPoolExecutor(n_groups) as threads:
            list(threads.map(job, [np.array(sorted(group)) for group in groups]))

    def infer(self, images: Tensor) -> Inference:
        """Run the members on images of shape (n, n_inputs); see `Engine`."""
        pixels = np.ascontiguousarray(images.numpy(), dtype=np.float32)
        n_classes = self.members[0].widths[-1]
        logits = np.zeros((len(self.members), len(pixels), n_classes), np.float32)
        active = np.zeros(self._layout.units[-1], np.bool_)
        n_whole = len(pixels) // _IMAGES_AT_ONCE * _IMAGES_AT_ONCE
        numbers = np.arange(len(pixels))
        parts = [numbers[:n_whole].reshape(-1, _IMAGES_AT_ONCE), numbers[None, n_whole:]]

        def run(group: npt.NDArray[np.int64]) -> None:
            for part in parts:
                values = np.empty((self._rows, part.shape[1]), np.float32)
                for member in group.tolist() if part.size else ():
                    self._loops.infer(
                        self._layout,
                        self._rules,
                        self._ensemble,
                        member,
                        pixels,
                        part,
                        values,
                        logits[member],
                        active,
                    )

        self._share_out(np.arange(len(self.members)), run)
        levels = [
            tuple(torch.from_numpy(active[units].copy()) for units, _ in self._layers(index)[:-1])
            for index in range(len(self.members))
        ]
        return Inference(torch.from_numpy(logits), tuple(levels))

    def _layers(self, member: int) -> list[tuple[slice, slice]]:
        """Return for each layer of a member where its target units and its edges are."""
        layout = self._layout
        ends = layout.units[layout.layers[member] : layout.layers[member + 1] + 1]
        edges = layout.offsets[ends]
        return [
            (slice(*ends[at : at + 2]), slice(*edges[at : at + 2])) for at in range(len(ends) - 1)
        ]

    def gradient_norms(self) -> Floats:
        """Return the norms of the last step's gradient on weights; see `Engine`.

        Members of fewer layers than others have nan for the rest.
        """
        n_layers = max(len(member.patterns) for member in self.members)
        norms = np.full((len(self.members), n_layers), np.nan, dtype=np.float32)
        training = np.flatnonzero(self._status == _TRAINING) if self._has_gradients else ()
        for index in map(int, training):
            for number, (_, edges) in enumerate(self._layers(index)):
                norms[index, number] = np.linalg.norm(self._ensemble.weight_gradients[edges])
        return norms

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""
        weights, biases = self._ensemble.weights, self._ensemble.biases
        return [
            [
                LayerParameters(
                    torch.from_numpy(weights[edges].copy()),
                    torch.from_numpy(biases[units].copy()) if self.recipe.biases else None,
                )
                for units, edges in self._layers(index)
            ]
            for index in range(len(self.members))
        ]

    def retire(self, member: int) -> None:
        """Set all of a member's weights, biases and optimizer state to 0, for good."""
        self._status[member] = _RETIRED
        for units, edges in self._layers(member):
            for name, array in self._ensemble._asdict().items():
                array[edges if name.startswith("weight") else units] = 0.0

    def state(self) -> dict[str, Tensor]:
        """Return copies of all that training changes, by name, on the CPU."""
        return {
            name: torch.from_numpy(array.copy()) for name, array in self._changing().items()
        } | {"steps": torch.tensor(self._steps)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned, bit by bit; gradients are forgotten."""
        self._has_gradients = False
        for name, array in self._changing().items():
            array[:] = state[name].numpy()
        self._steps = int(state["steps"])

    def _changing(self) -> dict[str, npt.NDArray[Any]]:
        arrays = self._ensemble._asdict()
        kept = {name: arrays[name] for name in arrays if not name.endswith("gradients")}
        return kept | {"status": self._status}

    def check_zeros_outside(self) -> None:
        """Assert that there is a weight for each edge: none can lie outside."""
        n_edges = sum(member.n_edges for member in self.members)
        if len(self._ensemble.weights) != n_edges:
            raise AssertionError(f"{len(self._ensemble.weights)} weights for {n_edges} edges.")


def _starts(lengths: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where each of some parts that lie end to end starts, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _n_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
