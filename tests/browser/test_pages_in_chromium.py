from __future__ import annotations

import numpy as np
import pytest

from tests.study.report.simulated_rows import simulated_rows, specification
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.export import comparison_to_html, to_html
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.plots import comparison_figures, figure_data
from topograph.study.analysing import analyse_study
from topograph.study.report import report_to_html, write_report

for _package in ("jinja2", "vl_convert", "markdown_it", "matplotlib"):
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
# Of tables that scroll: captions and names stay, and at first sight no cell is cut in its words
# where a column fits beside the names.
TABLES = """
() => {
  const wrong = [];
  const inside = (part, frame) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return [...range.getClientRects()].every(box =>
      !box.width || (box.left >= frame.left - 1 && box.right <= frame.right + 1));
  };
  for (const scroll of document.querySelectorAll(".scroll:not(.picture)")) {
    const table = scroll.querySelector("table"), frame = scroll.getBoundingClientRect();
    if (!table || !frame.width) continue;
    const name = table.classList.contains("numbered") ? 1 : 0;
    const said = scroll.getAttribute("aria-label").slice(0, 30);
    if (table.caption && !inside(table.caption, frame)) wrong.push("caption: " + said);
    for (const row of table.rows) {
      if (!inside(row.cells[name], frame)) wrong.push("name: " + row.cells[name].textContent);
      if (row.cells[name + 1].getBoundingClientRect().right > frame.right + 1)
        wrong.push("no value beside " + row.cells[name].textContent);
      for (const cell of row.cells) {
        const box = cell.getBoundingClientRect();
        if (box.left < frame.right - 2 && box.right > frame.right + 2)
          wrong.push(`cut: ${said}: ${cell.textContent}`);
      }
    }
    scroll.scrollLeft = 99999;
    if (!inside(table.rows[table.rows.length - 1].cells[name], frame))
      wrong.push("scrolled away: " + said);
    if (table.caption && !inside(table.caption, frame)) wrong.push("caption scrolled: " + said);
    scroll.scrollLeft = 0;
  }
  return wrong;
}
"""
# Words in a plot that lie on others, or nearly touch them side by side.
CROWDED = """
() => {
  const crowded = [];
  for (const drawing of document.querySelectorAll(".plot svg")) {
    const texts = [...drawing.querySelectorAll("text")]
      .filter(text => text.textContent.trim() && getComputedStyle(text).opacity !== "0");
    const boxes = texts.map(text => text.getBoundingClientRect());
    boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other, more) => {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const up = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > -3 && up > 3 && one.width && other.width)
        crowded.push(`${texts[at].textContent} | ${texts[at + 1 + more].textContent}`);
    }));
  }
  return crowded;
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
    if (!part.textContent.trim() || !part.getClientRects().length) continue;
    if (part.closest(".skip, #tip, details:not([open]) dl")) continue;
    const style = getComputedStyle(part);
    const colour = rgb(part.closest("svg") ? style.fill : style.color);
    const one = light(colour), other = light(behind(part));
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    if (ratio < 4.5) faint.push(`${part.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""
MARKS = ".mark-rect.role-mark path, .mark-symbol.role-mark path"


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
    cells = page.locator("#density details.numbers tbody tr").all_inner_texts()
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


def test_what_reads_aloud_finds_one_description_a_plot(pages, open_page):
    page = open_page(pages["comparison"])
    for plot in page.locator(".plot").all():
        said = plot.get_attribute("aria-label")
        tree = plot.aria_snapshot()
        assert tree.count("\n") == 0
        assert tree.lstrip("- '").startswith("img ")
        assert len(said) > 20
    assert page.locator("[role=graphics-symbol]").count() == 0


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
