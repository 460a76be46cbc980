from __future__ import annotations

import pytest

from tests.study.report.simulated_rows import FAMILIES
from topograph.errors import Undefined
from topograph.study.report.figures import (
    accuracy_against_density,
    cause_shares,
    combinations,
    dose_and_response,
    failure_rates,
    forest_plot,
    save_figure,
    variance_decomposition,
)
from topograph.study.report.figures.drawing import looks


@pytest.fixture(scope="module")
def figures(study, factorial):
    rows, asked, results = study
    causes = factorial[2].causes["accuracy, recipe alone"]
    return {
        "forest": forest_plot(results.findings["fixed"]),
        "variance": variance_decomposition(results.findings["fixed"]),
        "density": accuracy_against_density(rows, asked),
        "failures": failure_rates(rows, asked),
        "doses": dose_and_response(rows, asked),
        "causes": cause_shares(causes, "change of accuracy, percentage points"),
        "combinations": combinations(causes, "accuracy, %"),
    }


def test_nothing_is_clipped(figures):
    for name, figure in figures.items():
        figure.draw_without_rendering()
        drawn, page = figure.get_tightbbox(), figure.bbox_inches
        ends = (drawn.x0, drawn.y0, page.x1 - drawn.x1, page.y1 - drawn.y1)
        assert min(ends) > -0.01, name


def test_the_same_study_gives_the_same_bytes(study, tmp_path):
    for name in ("one", "other"):
        save_figure(forest_plot(study[2].findings["fixed"]), tmp_path / name)
    for suffix in ("svg", "png"):
        one, other = (tmp_path / f"{name}.{suffix}" for name in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()
    assert b"<dc:date>" not in (tmp_path / "one.svg").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_the_forest_has_a_mark_at_every_tau_with_exploratory_ones_hollow(study, figures):
    findings = study[2].findings["fixed"]
    lines = [line for line in figures["forest"].axes[0].lines if line.get_marker() in ("o", "s")]
    marks = {
        (round(float(line.get_xdata()[0]), 9), line.get_markerfacecolor() == "white")
        for line in lines
    }
    assert marks == {
        *((round(one.test.tau, 9), False) for one in findings.primaries),
        *((round(one.test.tau, 9), True) for one in findings.exploratory),
    }


def test_every_environment_is_a_panel_and_every_family_in_the_legend(figures):
    figure = figures["density"]
    assert [axes.get_title() for axes in figure.axes] == [
        "digits, lenet", "fashion-mnist, lenet", "mnist, lenet",
    ]  # fmt: skip
    assert [text.get_text() for text in figure.legends[0].get_texts()] == sorted(FAMILIES)
    assert figure.axes[0].get_xscale() == "log"


def test_the_bars_of_a_cell_sum_to_one(figures):
    axes = figures["variance"].axes[0]
    ends = [max(bar.get_x() + bar.get_width() for bar in group) for group in zip(
        *axes.containers, strict=True)]  # fmt: skip
    assert ends == pytest.approx([1.0] * 9)


def test_every_series_of_doses_is_a_line(figures):
    assert [len(axes.lines) for axes in figures["doses"].axes] == [4, 4, 4]


def test_cells_without_a_failure_have_no_panel(study, figures):
    failing = {row["data"] for row in study[0] if not row["predicts_all"]}
    assert [axes.get_title() for axes in figures["failures"].axes] == [
        f"{data}, lenet 0.01" for data in sorted(failing)
    ]


def test_where_there_is_nothing_to_draw_the_reason_is_given(study, factorial):
    rows = [row | {"predicts_all": True, "diverged": False} for row in study[0]]
    with pytest.raises(Undefined, match="no net diverged or left out a class"):
        failure_rates(rows, study[1])
    with pytest.raises(Undefined, match="the study has no dose series"):
        dose_and_response(factorial[0], factorial[1])
    with pytest.raises(Undefined, match="mending changes nothing"):
        cause_shares(factorial[2].causes["failures, recipe alone"], "failures")
    only_doses = [row for row in study[0] if row["role"] == "dose"]
    with pytest.raises(Undefined, match="all nets belong to dose series"):
        accuracy_against_density(only_doses, study[1])


def test_seventy_two_families_look_different():
    assert len(set(looks([str(at) for at in range(72)]).values())) == 72
