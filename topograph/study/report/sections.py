"""The parts of a report: each a heading, a figure where there is one, and a short table."""

from __future__ import annotations

from collections.abc import Mapping

from topograph.study.design import Specification
from topograph.study.report import further_tables, tables
from topograph.study.report.figures import (
    accuracy_against_density,
    cause_shares,
    combinations,
    dose_and_response,
    failure_rates,
    forest_plot,
    variance_decomposition,
)
from topograph.study.report.figures.failing import MOST_PANELS
from topograph.study.report.figures.forest import SHOWN_EXPLORATORY
from topograph.study.report.illustrating import Illustrations
from topograph.study.statistics import ApportionedCauses, DoseResponse, StudyFindings
from topograph.study.views import Rows


def property_section(
    title: str, name: str, findings: StudyFindings, pictures: Illustrations
) -> str:
    """Properties and cells: forest plot, variance decomposition, and their tables."""
    parts = [
        f"## {title}",
        "### Properties",
        pictures.add(
            f"Forest {name}",
            "Tau of each property with accuracy within cells of equal density, with its interval; "
            "ticks are single environments. Named beforehand: filled. Of the others at most "
            f"{SHOWN_EXPLORATORY} are drawn, those with the largest tau.",
            forest_plot,
            findings,
        ),
        tables.primaries_table(findings) if findings.primaries else "",
        "### Whose variance it is",
        pictures.add(
            f"Variance {name}",
            "Shares of topology, labelling and seed in the variance of accuracy. The black line "
            "is the interval of the topology's share. Where topologies have one labelling only, "
            "its part lies within theirs.",
            variance_decomposition,
            findings,
        ),
        tables.cells_table(findings),
    ]
    return "\n\n".join(part for part in parts if part)


def family_section(
    title: str, name: str, rows: Rows, specification: Specification, pictures: Illustrations
) -> str:
    """Families: accuracy against density, and failure rates."""
    parts = [
        f"## {title}",
        pictures.add(
            f"Density {name}",
            "Accuracy of each family: mean over topologies, and their standard deviation; dots "
            "are topologies. Families of one stratum have the same density and are drawn side by "
            "side.",
            accuracy_against_density,
            rows,
            specification,
        ),
        "### Failures",
        pictures.add(
            f"Failures {name}",
            "Topologies with a net that diverged or left out a class, with Wilson's interval; "
            "and the share of such nets. Cells without a failure are not drawn, nor more than "
            f"{MOST_PANELS} cells.",
            failure_rates,
            rows,
            specification,
            level=specification.statistics.level,
        ),
    ]
    return "\n\n".join(parts)


def dose_section(
    rows: Rows,
    specification: Specification,
    found: Mapping[str, DoseResponse],
    pictures: Illustrations,
) -> str:
    """Dose and response; empty where no property was moved."""
    if not any(row["role"] == "dose" for row in rows):
        return ""
    drawn = pictures.add(
        "Doses",
        "Accuracy along series in which one property was moved at equal degrees; a line a series.",
        dose_and_response,
        rows,
        specification,
    )
    return "\n\n".join(
        ["## Dose and response", drawn, *([further_tables.doses_table(found)] if found else [])]
    )


_ABOUT = {
    "recipe and structure": "Topologies of which each has a twin with its dead outputs joined to "
    "inputs: structure is a factor beside those of the recipe.",
    "recipe alone": "Topologies without such twins: the factors of the recipe alone.",
}


def cause_sections(found: Mapping[str, ApportionedCauses], pictures: Illustrations) -> str:
    """Parts of the factors, an outcome a section; empty where there are no factors."""
    parts = []
    for name, one in found.items():
        parts += [
            f"## Causes: {name}",
            _ABOUT[name.partition(", ")[2]],
            pictures.add(
                f"Causes {name}",
                "Part of each factor in the change from nothing mended to all mended (Shapley "
                "values), with its interval.",
                cause_shares,
                one,
                f"change of {name.split(',')[0]}, percentage points",
            ),
            pictures.add(
                f"Combinations {name}",
                "The mean of every stratum under every combination of the factors.",
                combinations,
                one,
                f"{name.split(',')[0]}, %",
            ),
            further_tables.corners_table(one),
        ]
    return "\n\n".join(parts)
