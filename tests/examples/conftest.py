from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def look(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import second_look

    return second_look
