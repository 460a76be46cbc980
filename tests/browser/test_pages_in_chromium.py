from __future__ import annotations

import pytest

from tests.browser.looking import CROWDED, CUT, FAINT, TABLES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report", "comparison", "deep"])
def test_a_page_opens_alone_and_whole(pages, open_page, name, width, scheme):
    page = open_page(pages[name], width, scheme)
    assert page.asked == [pages[name].as_uri()]
    assert page.said == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(TABLES) == []
    assert page.evaluate(CROWDED) == []
    assert page.evaluate(FAINT) == []


def test_what_is_cut_or_faint_would_be_found(pages, open_page):
    page = open_page(pages["report"], 390)
    page.add_style_tag(content="h2 { white-space: nowrap; width: 900px; color: #ddd }")
    assert any("h2" in found for found in page.evaluate(CUT))
    assert any("Verdicts" in found for found in page.evaluate(FAINT))
    page.evaluate(
        "document.querySelector('#density svg text').setAttribute('transform', 'translate(-90)')"
    )
    assert any("text:" in found for found in page.evaluate(CUT))
    page.add_style_tag(content=".scroll table * { position: static !important; min-width: 0 }")
    page.add_style_tag(content=".scroll caption { max-width: none; white-space: nowrap }")
    found = page.evaluate(TABLES)
    for word in ("caption", "scrolled away", "cut"):
        assert any(line.startswith(word) for line in found), word
    page.evaluate(
        "document.querySelectorAll('#fan-in svg text')"
        ".forEach(text => text.setAttribute('transform', 'translate(50)'))"
    )
    assert page.evaluate(CROWDED)


def test_a_change_to_dark_draws_the_figures_anew(pages, open_page):
    page = open_page(pages["report"])
    label = page.locator("#density svg text").first
    before = label.evaluate("text => getComputedStyle(text).fill")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "old => { const text = document.querySelector('#density svg text');"
        " return text && getComputedStyle(text).fill !== old; }",
        arg=before,
    )


@pytest.mark.parametrize("name", ["comparison", "deep"])
def test_print_is_light_and_whole(pages, open_page, name):
    page = open_page(pages[name], 1280, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 700, "height": 1000})
    light = "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light
    assert page.evaluate(CUT) == []
    assert page.evaluate(FAINT) == []
    hidden = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(part => part.clientWidth && "
        "(part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1))"
        ".map(part => part.getAttribute('aria-label'))"
    )
    assert hidden == []
    drawn = page.locator(".plot svg:visible")
    assert drawn.count() == page.locator(".plot").count()
    fills = drawn.first.locator("text").evaluate_all(
        "texts => texts.map(text => getComputedStyle(text).fill)"
    )
    assert set(fills) <= {"rgb(86, 93, 102)", "rgb(27, 31, 36)"}
    assert page.said == []


def test_on_a_phone_a_unit_stands_below_its_value(pages, open_page):
    for width, columns in ((1280, 2), (390, 1)):
        page = open_page(pages["report"], width)
        row = page.locator("table.reasons tbody tr").first
        shown = [cell.inner_text() for cell in row.locator("td").all() if cell.is_visible()]
        assert len(shown) == columns
        assert "\n".join(shown).partition("\n")[2] == "edges"


def test_what_reads_aloud_finds_one_description_a_plot(pages, open_page):
    page = open_page(pages["comparison"])
    for plot in page.locator(".plot").all():
        said = plot.get_attribute("aria-label")
        tree = plot.aria_snapshot()
        assert tree.count("\n") == 0
        assert tree.lstrip("- '").startswith("img ")
        assert len(said) > 20
    assert page.locator("[role=graphics-symbol]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cells_without_a_path_stand_out_from_the_page(pages, open_page, scheme):
    page = open_page(pages["report"], 1280, scheme)
    ratio = page.evaluate(
        """() => {
          const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
          const cell = document.querySelector("#path-matrix .layer_1_marks path");
          const one = light(getComputedStyle(cell).fill);
          const other = light(getComputedStyle(document.querySelector("figure")).backgroundColor);
          return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
        }"""
    )
    assert ratio > 3
