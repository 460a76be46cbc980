from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

# Machines are noisy: a slow example is no failure.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")

# Data sets and official files lie outside the project: where TOPOGRAPH_DATA says, or beside it.
_BESIDE = Path(__file__).parents[2] / "shared" / "data"
if _BESIDE.is_dir():
    os.environ.setdefault("TOPOGRAPH_DATA", str(_BESIDE))
