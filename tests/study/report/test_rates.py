from __future__ import annotations

from tests.study.report.simulated_rows import simulated_rows, specification
from topograph.study.report.further_tables import rates_table
from topograph.study.views import rate_views

FACTORS = [0.5, 1.0, 2.0]


def test_the_chosen_factors_of_every_cell_are_told():
    asked = specification(data=["digits"], rate_factors=FACTORS, n_validation=100, seeds=1)
    rows = simulated_rows(0, n_topologies=1, n_seeds=1, rate_factors=FACTORS, data=("digits",))
    names = sorted({(row["stratum"], row["topology"], row["labelling"]) for row in rows})
    best = {name: FACTORS[at % 4 > 0] for at, name in enumerate(names)}  # never the largest
    for row in rows:
        name = (row["stratum"], row["topology"], row["labelling"])
        row["validation_accuracy"] = 0.9 if row["rate_factor"] == best[name] else 0.5
    views = rate_views(rows, asked)
    head, _, *lines = rates_table(views["tuned"], views["fixed"], asked).splitlines()
    assert head.endswith("| factors chosen |")
    judged = {
        (row["stratum"], row["topology"], row["labelling"]) for row in rows if row["role"] != "dose"
    }
    assert len(lines) == len({stratum for stratum, _, _ in judged})
    for stratum, line in zip(sorted({one for one, _, _ in judged}), lines, strict=True):
        here = [best[name] for name in judged if name[0] == stratum]
        low = 100 * here.count(0.5) / len(here)
        assert f"| 0.5: {low:.0f} %, 1: {100 - low:.0f} %, 2: 0 % |" in line
