"""The tables of what stands beside the tests: families, doses, labellings, causes, rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from topograph.export.markdown import table
from topograph.study.design import Specification
from topograph.study.report.numbers_in_words import (
    NONE,
    bare_probability,
    ends_in_points,
    share,
    signed,
)
from topograph.study.report.observations import (
    FamilyCell,
    cell_name,
    failed,
    grouped,
    topology_means,
)
from topograph.study.statistics import (
    ApportionedCauses,
    DataAlignment,
    DoseResponse,
    FamilyContrast,
    MixedModel,
    kendall_within_strata,
)
from topograph.study.views import Rows, environment_of, judged_outcome, sampled
from topograph.wording import counted


def families_table(cells: Sequence[FamilyCell]) -> str:
    """Table of every family in every cell: accuracy, spread, failures."""
    rows = [
        [
            cell_name(one.environment, one.stratum),
            one.family,
            share(one.density, 2),
            f"{one.n_topologies:,}",
            f"{one.n_nets:,}",
            share(one.mean, 2),
            NONE if one.spread is None else f"{100 * one.spread:.2f}",
            f"{one.n_failed:,}",
            f"{one.n_diverged:,}",
            f"{one.n_topologies_failed:,}",
            f"{share(one.interval[0], 0)} to {share(one.interval[1], 0)}",
        ]
        for one in cells
    ]
    titles = ["cell", "family", "density", "topologies", "nets", "mean accuracy",
              "spread, points", "nets failed", "of them diverged", "topologies with a failed net",
              "their share"]  # fmt: skip
    return table(titles, rows, text_columns=2)


def doses_table(found: Mapping[str, DoseResponse]) -> str:
    """Table of the dose series."""
    rows = [
        [
            name,
            f"{one.slope:+.4g}",
            f"{one.interval.low:+.4g} to {one.interval.high:+.4g}" if one.interval else NONE,
            f"{sum(slope > 0 for slope in one.slopes.values())} of {len(one.slopes)}",
            bare_probability(one.p_value),
            bare_probability(one.sign_flip_p_value),
        ]
        for name, one in found.items()
    ]
    titles = ["environment: property", "slope", "interval", "upwards", "p, any", "p, in common"]
    return table(titles, rows)


def labellings_table(found: Mapping[str, DataAlignment]) -> str:
    """Table of what the natural labelling gains over random ones, in points of accuracy."""
    rows = []
    for place, one in found.items():
        for part, name in [
            (one.overall, "all"),
            *((alignment, stratum) for stratum, alignment in one.strata.items()),
            *((alignment, family) for family, alignment in one.families.items()),
        ]:
            rows.append(
                [
                    place,
                    name,
                    NONE if part.gain is None else signed(100 * part.gain, 2),
                    ends_in_points(part.interval, 2),
                    bare_probability(part.p_value),
                    f"{part.n_topologies:,}",
                    f"{part.n_relabellings:,}",
                    part.undefined or "",
                ]
            )
    titles = ["environment", "stratum or family", "gain, points", "interval", "p", "topologies",
              "random labellings", "note"]  # fmt: skip
    return table(titles, rows, text_columns=2)


def contrasts_table(found: Mapping[str, Sequence[FamilyContrast]]) -> str:
    """Table of the families against the baseline family."""
    rows = [
        [
            cell_name(place, one.stratum),
            one.family,
            f"{one.n_topologies:,}",
            share(one.mean, 2),
            share(one.baseline_mean, 2),
            NONE if one.difference is None else signed(100 * one.difference, 2),
            ends_in_points(one.interval, 2),
            f"{share(one.prediction.low)} to {share(one.prediction.high)}"
            if one.prediction
            else NONE,
            NONE if one.rank is None else f"{one.rank:g} of {one.n_baseline + 1}",
            bare_probability(one.p_value),
            bare_probability(one.adjusted_p),
            one.undefined or "",
        ]
        for place, contrasts in found.items()
        for one in contrasts
    ]
    titles = ["cell", "family", "topologies", "mean", "baseline", "difference, points", "interval",
              "baseline's next topology", "rank", "p", "adjusted p", "note"]  # fmt: skip
    return table(titles, rows, text_columns=2)


def causes_table(found: ApportionedCauses) -> str:
    """Table of the factors of a factorial study: effects in points."""
    rows = [
        [
            within.stratum or "all strata",
            one.name,
            signed(100 * one.main_effect.value, 1),
            ends_in_points(one.main_effect.interval),
            signed(100 * one.shapley.value, 1),
            ends_in_points(one.shapley.interval),
            share(one.share, 0),
            f"{within.n_topologies:,}",
        ]
        for within in (found.overall, *found.strata)
        for one in within.causes
    ]
    titles = ["stratum", "factor", "main effect", "interval", "Shapley value", "interval",
              "share", "topologies"]  # fmt: skip
    return table(titles, rows, text_columns=2)


def corners_table(found: ApportionedCauses) -> str:
    """Table of the mean outcome under every combination of the factors."""
    rows = []
    for one in found.overall.corners:
        interval = one.outcome.interval
        ends = f"{share(interval.low)} to {share(interval.high)}" if interval else NONE
        rows.append([" and ".join(one.mended) or "nothing", share(one.outcome.value), ends])
    return table(["mended", "mean", "interval"], rows)


def rates_table(tuned: Rows, fixed: Rows, specification: Specification) -> str:
    """Table of the tuned against the fixed rate: accuracy, failures, order, factors chosen."""
    rows = []
    by_cell = [
        grouped(
            kept,
            (cell_name(environment_of(row, specification), str(row["stratum"])) for row in kept),
        )
        for kept in (sampled(tuned), sampled(fixed))
    ]
    for cell in [one for one in by_cell[1] if one in by_cell[0]]:
        own, recipe = by_cell[0][cell], by_cell[1][cell]
        best, plain = topology_means(own), topology_means(recipe)
        both = sorted(best.keys() & plain.keys())
        order = NONE
        if len({best[name] for name in both}) > 1 and len({plain[name] for name in both}) > 1:
            columns = ([best[name] for name in both], [plain[name] for name in both])
            order = signed(kendall_within_strata(*columns, [0] * len(both)).tau)
        rows.append(
            [
                cell,
                share(fmean(map(judged_outcome, recipe)), 2),
                share(fmean(map(judged_outcome, own)), 2),
                f"{sum(map(failed, recipe)):,} of {len(recipe):,}",
                f"{sum(map(failed, own)):,} of {len(own):,}",
                order,
                _chosen(own, specification.rate_factors),
            ]
        )
    titles = ["cell", "accuracy, fixed", "accuracy, tuned", "failed, fixed", "failed, tuned",
              "tau between the two", "factors chosen"]  # fmt: skip
    return table(titles, rows)


def _chosen(tuned: Rows, factors: Sequence[float]) -> str:
    """Say which share of the nets did best with each factor of the rate."""
    return ", ".join(
        f"{factor:g}: {share(fmean(row['rate_factor'] == factor for row in tuned), 0)}"
        for factor in sorted(factors)
    )


def mixed_table(found: Mapping[str, MixedModel]) -> str:
    """Table of the mixed models of logit accuracy."""
    rows = [
        [
            place,
            name,
            f"{effect.coefficient:+.3f}",
            f"{effect.interval.low:+.3f} to {effect.interval.high:+.3f}",
            bare_probability(effect.p_value),
            f"{effect.standard_deviation:.4g}",
            counted(model.n_topologies, "topology", "topologies"),
        ]
        for place, model in found.items()
        for name, effect in model.effects.items()
    ]
    titles = ["environment", "property", "logits a standard deviation", "interval", "p",
              "standard deviation", "of"]  # fmt: skip
    return table(titles, rows, text_columns=2)
