from __future__ import annotations

import pytest

from tests.torch_setting import (  # noqa: F401  fixtures work where they are imported
    collect_ignore_glob,
    digits,
    on_the_cpu,
    rng,
)
from topograph.generators import family_net


@pytest.fixture
def nets():
    """Two small nets for the digits."""
    return {
        f"net-{density:g}": family_net("uniform", (64, 20, 10), density, seed=1)
        for density in (0.5, 0.2)
    }
