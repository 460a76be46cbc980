from __future__ import annotations

import numpy as np
import pytest

from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.export import comparison_to_html, to_html
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.plots import comparison_figures, figure_data

for _package in ("jinja2", "vl_convert"):
    pytest.importorskip(_package, reason="pages need the extra pictures")

pytestmark = pytest.mark.browser

EVIL = "<script>alert(1)</script>"
CUT = """
() => {
  const cut = [];
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > edge) cut.push("the page scrolls sideways");
  for (const part of document.querySelectorAll("body *")) {
    if (part.closest("svg, .scroll, script, style, noscript, details:not([open]), .skip")) continue;
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > edge + 1 || box.left < -1)) cut.push(part.outerHTML.slice(0, 80));
    if (part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== "visible")
      cut.push("hidden: " + part.outerHTML.slice(0, 80));
  }
  for (const table of document.querySelectorAll(".scroll"))
    if (table.scrollWidth > table.clientWidth + 1 && table.tabIndex !== 0)
      cut.push("no way to scroll");
  for (const drawing of document.querySelectorAll(".plot svg")) {
    const frame = drawing.getBoundingClientRect();
    for (const text of drawing.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      const shown = box.width && getComputedStyle(text).opacity !== "0" && text.textContent;
      if (shown && (box.left < frame.left - 1.5 || box.right > frame.right + 1.5 ||
          box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5))
        cut.push("text: " + text.textContent);
      if (text.textContent.includes("\\u2026")) cut.push("shortened: " + text.textContent);
    }
  }
  return cut;
}
"""
# The contrast of texts with what is behind them, by the formula of WCAG 2.
FAINT = """
() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const behind = part => {
    for (let at = part; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const part of document.querySelectorAll(
    "h1,h2,h3,h4,p,li,dt,dd,th,td,small,summary,a,svg text")) {
    if (!part.textContent.trim() || part.closest(".skip, #tip, details:not([open]) dl")) continue;
    const style = getComputedStyle(part);
    const colour = rgb(part.closest("svg") ? style.fill : style.color);
    const one = light(colour), other = light(behind(part));
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    if (ratio < 4.5) faint.push(`${part.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""


def pruned():
    rng = np.random.default_rng(0)
    masks = [rng.random(shape) < 0.06 for shape in ((90, 60), (60, 30), (30, 10))]
    return chain([Sparse.from_matrix(mask) for mask in masks], names=["fc1", EVIL, "fc3"])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    graphs = {"A": radix_net([[3, 10]], [3, 2, 1]), "B": pruned(), "C": pruned()}
    reports = [analyze(graph, source=f"{name}.npz") for name, graph in graphs.items()]
    deep = graphchallenge_net(1024, 30)
    comparison = compare(reports)
    written = {
        "report": to_html(reports[1], figure_data(graphs["B"])),
        "comparison": comparison_to_html(comparison, comparison_figures(comparison, graphs)),
        "deep": to_html(analyze(deep, source="deep.npz"), figure_data(deep)),
    }
    for name, text in written.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["report", "comparison", "deep"])
def test_a_page_opens_alone_and_whole(pages, open_page, name, width, scheme):
    page = open_page(pages[name], width, scheme)
    assert page.asked == [pages[name].as_uri()]
    assert page.said == []
    assert page.evaluate(CUT) == []
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
        marks = plot.locator("[role=graphics-symbol]")
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
    cells = page.locator("#density details.numbers tbody tr").all_inner_texts()
    assert len(cells) == 6
    assert any(EVIL in line for line in cells)


def test_markup_in_a_name_is_text(pages, open_page):
    page = open_page(pages["report"])
    assert EVIL in page.locator("table").first.inner_text()
    plot = page.locator("#density .plot")
    plot.scroll_into_view_if_needed()
    plot.locator("[aria-roledescription=point]").nth(2).hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for(timeout=5000)
    assert EVIL in tip.inner_text()
    assert page.said == []


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
