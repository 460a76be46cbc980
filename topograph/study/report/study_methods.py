"""The methods section of a report, from the file of the study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from topograph.export.markdown import bullets, escaped, table
from topograph.study.report.numbers_in_words import joined, share
from topograph.wording import counted

Said = Mapping[str, Any]


def methods(said: Said) -> str:
    """Describe data, topologies, training and tests of a study as its file lays them down.

    Parameters
    ----------
    said : mapping
        A specification's ``as_dict()``.

    Returns
    -------
    str
        Markdown, with headings of the third level.
    """
    parts = [
        "### Data and sizes",
        bullets(_data(said)),
        _regimes(said["regimes"]),
        "### Topologies",
        _sources(said["topologies"], int(said.get("relabellings") or 0)),
        bullets(_doses(said.get("doses", ()))),
        "### Training",
        bullets(_training(said)),
        _recipe(said["variants"]),
        "### Tests",
        bullets(_tests(said["statistics"])),
    ]
    return "\n\n".join(part for part in parts if part)


def _data(said: Said) -> list[str]:
    lines = [f"Data sets: {joined([escaped(one) for one in said['data']])}."]
    if said.get("confirmation"):
        held = joined([escaped(one) for one in said["confirmation"]])
        lines.append(f"Kept for confirmation, and reported apart: {held}.")
    validation = said.get("n_validation") or {}
    if isinstance(validation, int):
        validation = dict.fromkeys(said["data"], validation)
    held_out = [f"{count:,} of {escaped(name)}" for name, count in validation.items() if count]
    if held_out:
        lines.append(
            f"Training images held out for the curves and the choice of rates: {joined(held_out)}."
        )
    return [*lines, "The test images were looked at once, after the last step."]


def _regimes(regimes: Sequence[Said]) -> str:
    rows = []
    for one in regimes:
        widths = [*one["widths"], *([one["append_dense"]] if one.get("append_dense") else [])]
        dense = "; the last layer is dense" if one.get("append_dense") else ""
        rows.append(
            [
                one["name"],
                " - ".join(f"{width:,}" for width in widths) + dense,
                ", ".join(f"{100 * density:g} %" for density in one["densities"]),
                one.get("allocation", "uniform"),
                ", ".join(one.get("data") or ()) or "all",
            ]
        )
    return table(["regime", "widths", "densities", "allocation", "data"], rows, text_columns=5)


def _sources(sources: Sequence[Said], relabellings: int) -> str:
    if not sources:
        return ""
    rows = []
    fewer = any(one.get("seeds") for one in sources)
    for one in sources:
        own = one.get("relabellings")
        where = [
            *one.get("regimes", ()),
            *(f"{100 * each:g} %" for each in one.get("densities", ())),
        ]
        rows.append(
            [
                one["name"],
                one["family"] + (f" {_options(one['options'])}" if one.get("options") else ""),
                ", ".join(where) or "everywhere",
                one.get("role", ""),
                f"{one['count']:,}",
                f"{relabellings if own is None else own:,}",
                _twins(one),
                *([f"{one['seeds']:,}" if one.get("seeds") else "all"] if fewer else []),
            ]
        )
    titles = ["name", "family", "takes part", "role", "topologies a stratum",
              "random labellings of each", "derived from each", *["seeds"] * fewer]  # fmt: skip
    own_strata = list(
        dict.fromkeys(escaped(one["name"]) for one in sources if one.get("own_edges"))
    )
    note = (
        f"\n\nWith strata of their own, for their edges per layer are their own: "
        f"{joined(own_strata)}."
        if own_strata
        else ""
    )
    return table(titles, rows, text_columns=4) + note


def _twins(one: Said) -> str:
    kinds = [
        (one.get("degree_twins"), "twin of equal degrees", "twins of equal degrees"),
        (
            one.get("density_twins"),
            "twin of equal edges per layer",
            "twins of equal edges per layer",
        ),
        (one.get("repaired"), "with its dead outputs joined", ""),
    ]
    return ", ".join(counted(int(count), *names) for count, *names in kinds if count) or "none"


def _doses(doses: Sequence[Said]) -> list[str]:
    lines = []
    for one in doses:
        held = joined([escaped(name) for name in one["held"]])
        kept = f", {held} kept within {share(one['tolerance'], 0)}" if held else ""
        lines.append(
            f"Dose series {escaped(one['name'])}: {counted(one['bases'], 'series', 'series')} of "
            f"{counted(one['n_steps'], 'topology', 'topologies')} from one base of "
            f"{escaped(one['family'])} each ({escaped(one['regime'])}, {100 * one['density']:g} %)"
            f". Edges are rewired at equal degrees so that {escaped(one['moved'])} moves{kept}."
        )
    return lines


def _training(said: Said) -> list[str]:
    seeds = list(said["seeds"])
    lines = [
        f"Each topology in each labelling was trained with {counted(len(seeds), 'seed')} "
        f"({', '.join(map(str, seeds))}), which set initial weights and the order of images."
    ]
    factors = [f"{factor:g}" for factor in said.get("rate_factors", (1.0,))]
    if len(factors) > 1:
        lines.append(
            f"Learning rates: that of the recipe times {joined(factors)}. *Fixed* is the recipe's; "
            "*tuned* is, for each topology and labelling, the one with the best mean accuracy "
            "over seeds on the images held out, where a diverged run counts 0."
        )
    return [
        *lines,
        "The outcome is the accuracy on test images after the last step; a net that diverged "
        "counts as a guess.",
    ]


def _recipe(variants: Sequence[Said]) -> str:
    """Return the switches of the first variant, and in which the others differ."""
    first = variants[0]["recipe"]
    varied = [
        key
        for key in first
        if key != "name" and any(one["recipe"].get(key) != first[key] for one in variants)
    ]
    common = [[key, _switch(key, first[key])] for key in first if key not in ("name", *varied)]
    parts = [table(["switch of the recipe", "value"], common, text_columns=2)]
    if len(variants) > 1:
        rows = [
            [one["name"], *(_switch(key, one["recipe"].get(key)) for key in varied)]
            for one in variants
        ]
        parts.append(table(["variant", *varied], rows, text_columns=1 + len(varied)))
    return "\n\n".join(parts)


def _tests(plan: Said) -> list[str]:
    level = share(plan["level"], 0)
    named = joined([escaped(one) for one in plan["primaries"]]) or "none"
    lines = [
        f"Named beforehand (primary): {named}.",
        f"Exploratory: {joined([escaped(one) for one in plan['exploratory']]) or 'none'}.",
    ]
    for name, parts in plan.get("composites", {}).items():
        turned = [
            f"{escaped(part.removeprefix('-'))}{' (reversed)' if part.startswith('-') else ''}"
            for part in parts
        ]
        lines.append(f"{escaped(name)} is the mean rank within a cell of {joined(turned)}.")
    return [
        *lines,
        "Only nets of one cell are compared: same data, same depth, equal edges in every layer.",
        f"Cells in which topologies have less than {share(plan['least_class_share'], 0)} of the "
        "variance of accuracy (nested variance components) are reported and not tested. That "
        "looks at outcomes alone, never at properties.",
        "Units are topologies: isomorphism classes, whose seeds and labellings are averaged as "
        "ranks.",
        f"Kendall's tau within cells; p from {plan['n_permutations']:,} permutations of topologies "
        f"within cells, among those with as many nets; Holm among primaries, Benjamini-Hochberg "
        f"among exploratory properties; {level} intervals from {plan['n_resamples']:,} resamples "
        "of topologies.",
        "Beside the property, topologies of a cell are taken for independent draws of one kind. "
        "Where families differ for other reasons as well, p-values are too small: see how the "
        "property ranks nets within families that were left out.",
        "Beside density: partial rank correlation given the logarithm of the edges of every layer "
        "(Freedman-Lane), and the ranking of families left out of the fit, against the edges "
        "alone.",
        "Two parts: whether all classes are predicted, then the accuracy of the nets that do.",
        "Failure rates: Wilson's intervals over topologies, for nets of one topology are not "
        "independent.",
        f"Properties with a tau above {plan['collinear_above']:g} between them are told to be one.",
        *(
            [f"Families are compared with {escaped(plan['baseline'])}."]
            if plan.get("baseline")
            else []
        ),
        f"Random numbers of the tests: seed {plan['seed']}.",
    ]


def registration(content: Said | None) -> list[str]:
    """Say when the study was registered, under which hash, and what was changed since.

    Parameters
    ----------
    content : mapping or None
        As `topograph.study.design.preregistration.registered` returns it.
    """
    if content is None:
        return ["**The study was not registered before it ran.**"]
    amends = content.get("amends", ())
    lines = [
        f"Registered {content['registered']}{'' if amends else ', before the first run,'} with "
        f"topograph {escaped(str(content['topograph']))}; SHA-256 {content['hash']}."
    ]
    for one in amends:
        changed = joined([escaped(name) for name in one["changed"]])
        done = one.get("runs_done")
        runs = f"{done:,} runs" if done is not None else "a number of runs that was not recorded"
        lines.append(
            f"**Amended**: it replaces the registration of {one['registered']} "
            f"(SHA-256 {one['hash']}), after {runs}; changed: {changed}."
        )
    return lines


def _options(options: Said) -> str:
    return "(" + ", ".join(f"{key}: {_value(value)}" for key, value in options.items()) + ")"


def _switch(key: str, value: Any) -> str:
    if key == "rates":
        return "; ".join(f"{rate:g} from step {step}" for step, rate in value)
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    return value if isinstance(value, str) else json.dumps(value)
