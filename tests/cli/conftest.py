from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import topograph


@dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys):
    """Run a command line as `topograph ...` would; its exit code and what it printed."""
    from topograph_cli.app import run as run_arguments

    def start(*arguments):
        code = run_arguments([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return start


@pytest.fixture
def radix(tmp_path):
    """A RadiX-Net on disk: widths 12-18-6."""
    path = tmp_path / "radix.npz"
    topograph.write(topograph.generators.radix_net([[2, 3]], [2, 3, 1]), path)
    return path


@pytest.fixture
def bridge(tmp_path):
    """A net with dead units and a dead output, as dense arrays of weights."""
    path = tmp_path / "bridge.npz"
    first = np.array([[0.5, 0, 0], [0, -0.2, 0], [0, 0, 0]])
    second = np.array([[1.0, 0.1, 0], [0, 1, 0], [0, 1, 0]])
    np.savez(path, fc1=first, fc2=second)
    return path


@pytest.fixture
def net(tmp_path):
    """A net of unequal widths as an archive with provenance."""
    masks = {"fc1": np.eye(4, 3), "fc2": np.triu(np.ones((3, 5)))}
    topograph.write(topograph.from_layers(masks, provenance={"by": "hand"}), tmp_path / "net.npz")
    return tmp_path / "net.npz"
