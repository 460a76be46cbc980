from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Machines are noisy: a slow example is no failure. The examples are the same in every run, so that
# what passed once passes again; `make explore` draws others.
settings.register_profile("default", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=300)
settings.load_profile("default")

# Data sets and official files lie outside the project: where TOPOGRAPH_DATA says, or beside it.
_BESIDE = Path(__file__).parents[2] / "shared" / "data"
if _BESIDE.is_dir():
    os.environ.setdefault("TOPOGRAPH_DATA", str(_BESIDE))


@pytest.fixture(autouse=True)
def _the_same_random_numbers():
    """Draw the same, whichever tests ran before: workers share tests out as time allows."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
