"""The state of a training run on disk: whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from topograph.errors import MissingExtraError
from topograph.io.replacing import replacing


def save_checkpoint(path: Path, key: str, state: Mapping[str, Tensor], progress: Any) -> None:
    """Write tensors and what goes with them, replacing what was there in one step.

    Parameters
    ----------
    path : Path
    key : str
        What the state belongs to.
    state : mapping of str to Tensor
        On the CPU.
    progress : object
        Fit for JSON; may hold nan.
    """
    content = _safetensors().save(
        {name: tensor.contiguous() for name, tensor in state.items()},
        metadata={"key": key, "progress": json.dumps(progress)},
    )
    with replacing(path) as file:
        file.write(content)


def load_checkpoint(path: Path, key: str) -> tuple[dict[str, Tensor], Any] | None:
    """Return the state and what goes with it; None if there is none, or of something else.

    Parameters
    ----------
    path : Path
    key : str
        As given to `save_checkpoint`.
    """
    if not path.exists():
        return None
    from safetensors import SafetensorError, safe_open

    _safetensors()
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if about.get("key") != key:
                return None
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(  # noqa: SIM118
                about["progress"]
            )
    except SafetensorError:
        return None  # damaged: the run starts anew


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise MissingExtraError.of("safetensors", "train") from error
    return safetensors.torch
