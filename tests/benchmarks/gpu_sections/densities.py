"""At which density does the sparse engine overtake the dense one?"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.gpu_sections.bench import Bench, Row
from tests.benchmarks.gpu_sections.subjects import engine_rate, members_for


def break_even(bench: Bench) -> Iterator[Row]:
    """Time both engines at several densities and sizes of the ensemble."""
    densities = (0.5, 0.05) if bench.is_quick else (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
    for n_members in (2,) if bench.is_quick else (256, 32, 1024):
        for density in reversed(densities):  # the dense ensemble takes the same time at each
            if not bench.has_time():
                return
            members = members_for(bench, density, n_members)
            rates, notes = {}, []
            for name in ("dense", "sparse"):
                rates[name], why = engine_rate(bench, name, members)
                notes += [f"{name}: {why}"] if why else []
            both = None not in rates.values()
            yield {
                "nets": n_members,
                "density": density,
                "dense": rates["dense"],
                "sparse": rates["sparse"],
                "sparse / dense": rates["sparse"] / rates["dense"] if both else None,
                "note": "; ".join(notes),
            }
