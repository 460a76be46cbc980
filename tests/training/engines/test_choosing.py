from __future__ import annotations

import dataclasses
import itertools
from types import SimpleNamespace

import pytest
import torch

from tests.training.engines.plain_loop import PLAIN
from topograph.errors import ParameterError
from topograph.training import Dataset
from topograph.training.engines import choosing
from topograph.training.engines.choosing import choose_engine, make_engine
from topograph.training.engines.model_member import ModelMember

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
IMAGE = torch.zeros(1, 1, 8, 8)
LABEL = torch.zeros(1, dtype=torch.int64)
DATA = Dataset("one", IMAGE, LABEL, IMAGE, LABEL, 10, verified=False)


def let_numba_be(monkeypatch, spec):
    found = SimpleNamespace(find_spec=lambda _: spec)
    monkeypatch.setattr(choosing, "importlib", SimpleNamespace(util=found))


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    """Let there be numba, and 1 GiB for dense matrices."""
    let_numba_be(monkeypatch, True)
    monkeypatch.setattr(choosing, "memory_for_dense", lambda _: 1 << 30)


def net(density, widths=(64, 30, 10), n_edges=1000):
    """Return as much of a member as the choice looks at."""
    patterns = [SimpleNamespace(shape=pair) for pair in itertools.pairwise(widths)]
    return SimpleNamespace(patterns=patterns, widths=widths, density=density, n_edges=n_edges)


def chosen(*members, device=CPU, recipe=PLAIN, data=DATA):
    return choose_engine(members, recipe, data, device).name


@pytest.mark.parametrize(
    ("density", "n_edges", "engine"),
    [
        (0.39, 500_000, "kernel"),
        (0.4, 500_000, "dense"),
        (0.39, 500_001, "dense"),
        (0.29, 500_001, "sparse"),
        (0.3, 500_001, "dense"),
    ],
)
def test_on_a_cpu_density_and_edges_decide(density, n_edges, engine):
    assert chosen(net(density, n_edges=n_edges)) == engine


def test_the_largest_net_and_the_mean_density_stand_for_all():
    assert chosen(net(0.1), net(0.1, n_edges=500_001)) == "sparse"
    assert chosen(net(0.1), net(0.69)) == "kernel"
    assert chosen(net(0.1), net(0.71)) == "dense"


def test_without_numba_there_is_no_kernel(monkeypatch):
    let_numba_be(monkeypatch, None)
    assert chosen(net(0.2)) == "sparse"
    assert chosen(net(0.35)) == "dense"


@pytest.mark.parametrize("device", [CPU, CUDA], ids=str)
def test_nets_of_other_widths_are_not_dense(device):
    assert chosen(net(0.9), net(0.9), device=device) == "dense"
    assert chosen(net(0.9), net(0.9, (64, 31, 10)), device=device) == "sparse"


@pytest.mark.parametrize("device", [CPU, CUDA], ids=str)
def test_dense_matrices_must_fit_the_memory(device):
    """Weights, mask, gradient and momentum: 16 bytes for each pair of units."""
    fits = net(0.9, (1 << 13, 1 << 13))
    assert chosen(fits, device=device) == "dense"
    assert chosen(fits, fits, device=device) == "sparse"


@pytest.mark.parametrize(("density", "engine"), [(0.05, "dense"), (0.049, "sparse")])
def test_on_a_gpu_density_decides(density, engine):
    assert chosen(net(density), device=CUDA) == engine


@pytest.mark.parametrize("device", [CPU, CUDA], ids=str)
def test_what_only_modules_can_do_they_do(device):
    model = ModelMember("net", "conv-net", {})
    assert chosen(model, device=device) == "module"
    normalised = dataclasses.replace(PLAIN, batch_norm=True)
    assert chosen(net(0.1), device=device, recipe=normalised) == "module"
    colored = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    distorted = dataclasses.replace(DATA, train_images=colored, augmented=True)
    assert chosen(net(0.1), device=device, data=distorted) == "module"
    with pytest.raises(ParameterError, match="module"):
        choose_engine([model], PLAIN, DATA, device, "dense")


def test_engines_that_are_none_are_refused():
    with pytest.raises(ParameterError, match="auto or one of dense"):
        choose_engine([net(0.1)], PLAIN, DATA, CPU, "fast")
    with pytest.raises(ParameterError, match="one of dense"):
        make_engine("auto", [], DATA, PLAIN, CPU)
