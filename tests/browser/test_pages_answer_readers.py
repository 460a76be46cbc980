from __future__ import annotations

import pytest

from tests.browser.looking import MARKS
from tests.browser.written_pages import EVIL

pytestmark = pytest.mark.browser


def test_a_heading_sorts_its_table_by_mouse_and_by_keyboard(pages, open_page):
    page = open_page(pages["report"])
    table = page.locator("table.sortable").first
    titles = [text.strip() for text in table.locator("thead th").all_inner_texts()]
    place = next(at for at, title in enumerate(titles) if title.startswith("edges"))
    head = table.locator("thead th").nth(place)

    def column():
        cells = table.locator(f"tbody tr > :nth-child({place + 1})").all_inner_texts()
        return [int(cell.replace(",", "")) for cell in cells]

    head.locator("button").click()
    assert column() == sorted(column())
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert column() == sorted(column(), reverse=True)
    assert head.get_attribute("aria-sort") == "descending"


def test_a_figure_answers_hover(pages, open_page):
    page = open_page(pages["report"])
    for figure in ("path-matrix", "density", "fan-in"):
        plot = page.locator(f"#{figure} .plot").first
        plot.scroll_into_view_if_needed()
        marks = plot.locator(MARKS)
        marks.nth(marks.count() // 2).hover(force=True)
        tip = page.locator("#vg-tooltip-element.visible")
        tip.wait_for(timeout=5000)
        assert any(character.isdigit() for character in tip.inner_text())
        page.mouse.move(0, 0)


def test_a_definition_shows_on_hover_and_on_focus(pages, open_page):
    page = open_page(pages["report"])
    tip = page.locator("#tip")
    assert tip.is_hidden()
    term = page.locator(".tiles .term").first
    term.hover()
    said = page.locator(f"#{term.get_attribute('aria-describedby')}").text_content()
    assert tip.inner_text() == said
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    term.focus()
    assert tip.inner_text() == said


def test_the_numbers_of_a_figure_can_be_read(pages, open_page):
    page = open_page(pages["report"])
    page.locator("#density details.numbers summary").click()
    rows = page.locator("#density details.numbers tbody tr")
    rows.first.wait_for()  # they are written when they are asked for
    cells = rows.all_inner_texts()
    assert len(cells) == 6
    assert any(EVIL in line for line in cells)


def test_markup_in_a_name_is_text(pages, open_page):
    page = open_page(pages["report"])
    assert EVIL in page.locator("table").first.inner_text()
    plot = page.locator("#density .plot")
    plot.scroll_into_view_if_needed()
    plot.locator(".mark-symbol.role-mark path").nth(2).hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for(timeout=5000)
    assert EVIL in tip.inner_text()
    assert page.said == []


def test_a_tap_on_a_cell_says_what_is_there(pages, open_page):
    page = open_page(pages["report"], 390, touch=True)
    plot = page.locator("#path-matrix .plot")
    plot.scroll_into_view_if_needed()
    mark = plot.locator(MARKS).nth(100).bounding_box()
    page.touchscreen.tap(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for(timeout=5000)
    page.wait_for_timeout(300)
    assert tip.is_visible()
    assert "paths per pair" in tip.inner_text()
    page.touchscreen.tap(5, 5)
    assert tip.count() == 0


def test_a_single_degree_is_named_alone(pages, open_page):
    page = open_page(pages["deep"])
    plot = page.locator("#fan-in .plot")
    plot.scroll_into_view_if_needed()
    plot.locator(MARKS).nth(3).hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for(timeout=5000)
    cells = tip.locator("td.value").all_inner_texts()
    assert cells == ["32", "4", "1,024"]


def test_the_numbers_of_a_figure_sort(pages, open_page):
    page = open_page(pages["comparison"])
    numbers = page.locator("#at-a-glance details.numbers")
    numbers.locator("summary").click()
    table = numbers.locator("table").filter(has_text="number of paths")

    def column():
        return [float(text) for text in table.locator("tbody td:nth-child(3)").all_inner_texts()]

    table.locator("thead button").nth(2).press("Enter")
    assert column() == sorted(column())
    table.locator("thead button").nth(2).press("Enter")
    assert column() == sorted(column(), reverse=True)
    assert len(set(column())) > 1
