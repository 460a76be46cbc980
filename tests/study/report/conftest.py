from __future__ import annotations

import pytest

from tests.study.report.simulated_rows import factorial_rows, simulated_rows, specification
from topograph.study.analysing import analyse_study


@pytest.fixture(scope="session")
def study():
    """A study of three data sets, three strata and eight families, with dose series."""
    rows, asked = simulated_rows(n_topologies=2), specification()
    return rows, asked, analyse_study(rows, asked)


@pytest.fixture(scope="session")
def factorial():
    """A study of two factors of the recipe."""
    asked = specification(
        data=["digits"],
        topologies=[{"family": "uniform", "count": 4}],
        doses=[],
        regimes=[{"name": "lenet", "widths": [784, 300, 100], "densities": [0.01]}],
        recipe={
            "base": "modern",
            "factors": {"initialisation": ["truncated_normal", "fan_in"], "l2": [0.1, 0.0]},
        },
    )
    rows = factorial_rows()
    return rows, asked, analyse_study(rows, asked)
