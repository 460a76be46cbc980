from __future__ import annotations

import pytest

from tests.browser.looking import CUT, FAINT
from tests.browser.written_pages import EVIL
from tests.study.report.simulated_rows import simulated_rows, specification
from topograph.study.analysing import analyse_study
from topograph.study.report import report_to_html, write_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    rows, asked = simulated_rows(n_topologies=2), specification()
    for row in rows:
        row["family"] = row["family"].replace("uniform", EVIL)
    written = write_report(rows, asked, analyse_study(rows, asked), folder)
    page = folder / "study.html"
    page.write_text(report_to_html(written), encoding="utf-8")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_of_a_study_is_whole_sorts_and_shows_its_figures(
    study_page, open_page, width, scheme
):
    page = open_page(study_page, width, scheme)
    assert page.evaluate(CUT) == []
    assert page.evaluate(FAINT) == []
    pictures = page.locator("img")
    assert pictures.count() > 4
    drawn = "pictures => pictures.map(one => one.complete && one.naturalWidth > 300 && one.width)"
    assert all(shown > 250 for shown in pictures.evaluate_all(drawn))
    behind = "region => getComputedStyle(region).backgroundColor"
    assert page.locator(".picture").first.evaluate(behind) == "rgb(255, 255, 255)"

    table = page.get_by_role("region", name="Exploratory properties: fixed learning rate")
    table.get_by_role("button", name="tau").click()
    column = [float(text) for text in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert column == sorted(column)
    assert len(column) == 2
    term = table.locator("tbody .term").first
    term.hover()
    said = page.locator(f"#{term.get_attribute('aria-describedby')}").text_content()
    assert page.locator("#tip").inner_text() == said
    assert EVIL in page.locator("main").inner_text()
    assert page.asked == [study_page.as_uri()]
    assert page.said == []
