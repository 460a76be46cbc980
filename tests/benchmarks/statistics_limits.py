"""How often the statistics of studies err where what they assume does not hold.

Tables are drawn in which the truth is known, and each line says in what share of them a true
hypothesis is rejected at .05, or an interval of level .95 holds the true value. These are the
shares that docstrings in `topograph.study.statistics` name. Tables in which there is no interval
are counted apart.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator

import numpy as np

from topograph.study.statistics import (
    apportioned_causes,
    cluster_bootstrap,
    data_alignment,
    dose_response,
    out_of_family,
    permutation_test,
    variance_components,
)

Trial = Callable[[np.random.Generator], bool | None]


def families_that_differ(
    random: np.random.Generator, n_families: int, n_nets: int, share: float, is_within: bool
) -> bool:
    """Property and outcome vary by family, each by itself: does the permutation test reject?"""
    family = np.repeat(np.arange(n_families), n_nets)

    def by_family() -> np.ndarray:
        common, own = random.normal(size=n_families), random.normal(size=family.size)
        return math.sqrt(share) * common[family] + math.sqrt(1 - share) * own

    topologies = np.repeat(np.arange(family.size), 2)
    prop = by_family()[topologies]
    outcome = by_family()[topologies] + 0.5 * random.normal(size=topologies.size)
    strata = family[topologies] * is_within
    found = permutation_test(prop, outcome, strata, topologies, n_permutations=199, seed=0)
    return found.p_value <= 0.05


def neighbours_on_a_walk(random: np.random.Generator, correlation: float, by_signs: bool) -> bool:
    """Outcomes of neighbouring doses are alike, the dose does nothing: is it rejected?"""
    n_series, n_doses = 8, 6
    series, dose = np.divmod(np.arange(n_series * n_doses), n_doses)
    outcome = random.normal(size=(n_series, n_doses))
    for place in range(1, n_doses):
        fresh = math.sqrt(1 - correlation**2) * outcome[:, place]
        outcome[:, place] = correlation * outcome[:, place - 1] + fresh
    seen = outcome.ravel() + 0.3 * random.normal(size=outcome.size)
    found = dose_response(dose, seen, series, n_permutations=199, seed=0)
    return (found.sign_flip_p_value if by_signs else found.p_value) <= 0.05


def share_of_topology(random: np.random.Generator, n: int, share: float) -> bool:
    """Return whether the interval of the share of the variance that topology has holds it."""
    topologies = np.repeat(np.arange(n), 4)
    common, own = random.normal(size=n), random.normal(size=topologies.size)
    outcome = math.sqrt(share) * common[topologies] + math.sqrt(1 - share) * own
    rows = np.arange(topologies.size)
    found = variance_components(outcome, topologies, rows * 0, rows, n_resamples=300)
    assert found.interval is not None
    return found.interval.low <= share <= found.interval.high


def resampled_tau(random: np.random.Generator, n: int) -> bool:
    """Return whether the interval of tau holds that of a bivariate normal of correlation .5."""
    prop = random.normal(size=n)
    outcome = 0.5 * prop + math.sqrt(0.75) * random.normal(size=n)
    found = cluster_bootstrap(prop, outcome, np.zeros(n), n_resamples=300, seed=0)
    return found.low <= 1 / 3 <= found.high


def family_left_out(
    random: np.random.Generator, n_families: int, n_strata: int, is_gain: bool
) -> bool:
    """Return whether the interval of a property without effect leaves out 0, or is above it."""
    n = 4 * n_families * n_strata
    family, stratum = np.arange(n) // 4 % n_families, np.arange(n) // (4 * n_families)
    prop, outcome = random.normal(size=(2, n))
    found = out_of_family([prop], outcome, [], family, stratum, n_resamples=300)
    assert found.interval is not None
    return found.interval.low > 0 or (not is_gain and found.interval.high < 0)


def labelling_that_fails(random: np.random.Generator, n: int, share: float) -> bool:
    """Labels mean nothing, a share of the labellings fails: is the true gain of 0 left out?"""
    outcome = 0.9 + 0.01 * random.normal(size=(n, 4))
    outcome[random.random((n, 4)) < share] = 0.1
    topologies, labelling = np.divmod(np.arange(4 * n), 4)
    found = data_alignment(outcome.ravel(), topologies, labelling, n_permutations=1).overall
    assert found.interval is not None
    return not found.interval.low <= 0 <= found.interval.high


def rare_failures(random: np.random.Generator, n: int, before: float, after: float) -> bool | None:
    """Return whether the interval of the failures that are left holds their true share."""
    rows = [
        (f"{topology}.{block}", topology, mended, float(random.random() < share))
        for topology in range(n)
        for block in range(2)
        for mended, share in ((False, before), (True, after))
    ]
    blocks, topologies, mended, failed = zip(*rows, strict=True)
    found = apportioned_causes(
        failed, {"mended": mended}, blocks, topologies, n_resamples=300, seed=0
    )
    interval = found.overall.corners[1].outcome.interval
    return None if interval is None else interval.low <= after <= interval.high


def lines() -> Iterator[tuple[str, str, Trial]]:
    """Give what is looked at, of what, and a trial of it."""
    for n_families, n_nets, is_within in (
        *((5, 8, False), (10, 4, False), (40, 1, False)),
        *((5, 8, True), (10, 4, True)),
    ):
        yield (
            f"permutation test{' within families' if is_within else ''}: rejects",
            f"{n_families} families of {n_nets}, half of the variance between them",
            lambda r, f=n_families, n=n_nets, w=is_within: families_that_differ(r, f, n, 0.5, w),  # type: ignore[misc]
        )
    for by_signs in (False, True):
        for correlation in (0.0, 0.3, 0.7):
            yield (
                f"doses, {'flips of signs' if by_signs else 'exchanges'}: rejects",
                f"neighbours of a walk correlate by {correlation:g}",
                lambda r, c=correlation, s=by_signs: neighbours_on_a_walk(r, c, s),  # type: ignore[misc]
            )
    for n in (5, 8, 12, 20, 40):
        yield (
            "share of topology: interval holds it",
            f"{n} topologies, 4 rows each, share .5",
            lambda r, n=n: share_of_topology(r, n, 0.5),  # type: ignore[misc]
        )
    for n in (6, 8, 12, 30):
        yield (
            "tau: interval holds it",
            f"{n} topologies",
            lambda r, n=n: resampled_tau(r, n),  # type: ignore[misc]
        )
    for n_families, n_strata in ((5, 1), (10, 1), (14, 1), (20, 1), (10, 4)):
        for is_gain in (False, True):
            yield (
                f"out of family: interval {'above' if is_gain else 'leaves out'} 0",
                f"{n_families} families of 4 nets, strata: {n_strata}",
                lambda r, f=n_families, s=n_strata, g=is_gain: family_left_out(r, f, s, g),  # type: ignore[misc]
            )
    for n, share in ((12, 0.1), (40, 0.05)):
        yield (
            "alignment: interval leaves out 0",
            f"{n} topologies, {share:.0%} of labellings fail",
            lambda r, n=n, s=share: labelling_that_fails(r, n, s),  # type: ignore[misc]
        )
    for n, after in ((20, 0.3), (20, 0.1), (20, 0.05), (60, 0.05), (60, 0.02)):
        yield (
            "failures left: interval holds their share",
            f"{n} topologies, {after:g} fail",
            lambda r, n=n, q=after: rare_failures(r, n, 0.5, q),  # type: ignore[misc]
        )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=1000, help="of each line")
    n_tables = parser.parse_args().tables
    print("| what | where | tables | share of them | standard error |")  # noqa: T201
    print("|---|---|---|---|---|")  # noqa: T201
    for what, where, trial in lines():
        found = [trial(np.random.default_rng(seed)) for seed in range(n_tables)]
        told = [one for one in found if one is not None]
        share = sum(told) / len(told) if told else math.nan
        error = math.sqrt(share * (1 - share) / max(1, len(told)))
        print(  # noqa: T201
            f"| {what} | {where} | {len(told)} | {share:.3f} | {error:.3f} |", flush=True
        )


if __name__ == "__main__":
    main()
