from __future__ import annotations

import base64
import itertools
import re
import sys

import pytest

from tests.page_outline import outlined
from tests.study.report.simulated_rows import FAMILIES, simulated_rows, specification
from topograph.errors import MissingExtraError
from topograph.study.analysing import analyse_study
from topograph.study.report import WrittenReport, report_to_html, write_report
from topograph.study.report.page_parts import Picture, Words, WrittenTable, page_sections

for _package in ("jinja2", "markdown_it"):
    pytest.importorskip(_package, reason="pages need the extra pictures")

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a study whose names look like markup."""
    rows = simulated_rows(n_topologies=2)
    for row in rows:
        row["family"] = row["family"].replace("uniform", EVIL)
    asked = specification(
        name=EVIL,
        question=f"# Does [it](http://example.org) hold? {EVIL} ![x](http://example.org/x.png)",
        topologies=[
            {"family": one, "name": one.replace("uniform", EVIL), "count": 2} for one in FAMILIES
        ],
        statistics={
            "primaries": ["connected_pair_fraction", "end_to_end_gap"],
            "exploratory": ["spectral_gap.min", "path_count_cv"],
            "n_permutations": 199,
            "n_resamples": 100,
            "baseline": EVIL,
        },
    )
    folder = tmp_path_factory.mktemp("report")
    return write_report(rows, asked, analyse_study(rows, asked), folder)


@pytest.fixture(scope="module")
def page(written):
    return report_to_html(written)


def test_the_page_is_whole_and_asks_for_nothing(page):
    outline = outlined(page)
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.named) <= set(outline.ids)
    assert all(link.startswith(("#", "data:")) for link in outline.asked)
    assert {link[1:] for link in outline.asked if link.startswith("#")} <= set(outline.ids)
    assert "default-src 'none'" in page


def test_headings_skip_no_level_whatever_the_question_begins_with(page):
    headings = outlined(page).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(headings))


def test_names_that_look_like_markup_are_text(page):
    outline = outlined(page)
    assert EVIL not in page
    assert outline.scripts == 1
    assert "".join(outline.text).count(EVIL) > 10
    assert "[it](http://example.org)" in "".join(outline.text)


def test_every_figure_is_inside_with_its_words(page, written):
    markdown = written.page.read_text(encoding="utf-8")
    linked = re.findall(r"!\[([^\]]*)\]\((figures/[^)]*)\)", markdown)
    pictures = outlined(page).pictures
    assert [one["alt"] for one in pictures] == [alt for alt, _ in linked]
    for one, (_, name) in zip(pictures, linked, strict=True):
        kind, content = one["src"].split(",")
        assert kind == "data:image/svg+xml;base64"
        content = base64.b64decode(content)
        assert content == (written.page.parent / name).read_bytes()
        width, height = re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', content).groups()
        assert int(one["width"]) == pytest.approx(float(width) * 4 / 3, abs=0.5)
        assert int(one["height"]) == pytest.approx(float(height) * 4 / 3, abs=0.5)


def test_every_table_sorts_and_has_a_name_of_its_own(page, written):
    lines = written.page.read_text(encoding="utf-8").splitlines()
    heads = [above for above, line in itertools.pairwise(lines) if line[:5] == "| ---"]
    assert page.count('<table class="sortable') == len(heads) > 5
    outline = outlined(page)
    assert len(outline.regions) == len(heads) + len(outline.pictures)
    assert len(set(outline.regions)) == len(outline.regions)
    cells = [re.findall(r"(?<!\\)\|", line) for line in lines if line[:1] == "|"]
    n_cells = sum(len(one) - 1 for one in cells)
    n_titles = sum(len(re.findall(r"(?<!\\)\|", head)) - 1 for head in heads)
    assert outline.buttons == n_titles
    assert len(outline.sorts) == n_cells - 2 * n_titles


def test_all_words_of_the_report_are_on_the_page(page, written):
    shown = "".join("".join(outlined(page).text).split())
    for line in written.page.read_text(encoding="utf-8").splitlines():
        text = re.sub(r"^(#+|-|  -) |^!.*|^\|.*|^\*|\*$|\*\*|\\(?=\W)", "", line)
        if line.startswith("# Does"):
            continue
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert "".join(text.replace("*", "").split()) in shown, line


def test_metrics_are_defined_in_cells_and_in_words(page):
    words, _, tables = page.partition('id="section-methods"')
    assert 'aria-describedby="def-connected_pair_fraction"' in words
    assert re.search(r'<th [^>]*><span [^>]*"def-path_count_cv">path_count_cv</span></th>', tables)
    assert 'aria-describedby="def-spectral_gap">spectral_gap.min</span></th>' in tables
    assert re.search(r'<dd id="def-spectral_gap">\w', page)


def test_the_sections_can_be_reached_from_the_head(page, written):
    titles = re.findall(r"^## (.*)$", written.page.read_text(encoding="utf-8"), re.MULTILINE)
    nav = re.search(r"<nav.*?</nav>", page, re.DOTALL)[0]
    assert re.findall(r"<a [^>]*>(.*?)</a>", nav)[-len(titles) - 1 :] == [*titles, "Definitions"]


def test_the_same_report_gives_the_same_bytes(page, written):
    assert report_to_html(written) == page


def test_a_picture_that_is_no_figure_of_the_report_is_mentioned_alone(written):
    bare = WrittenReport(written.page, ())
    page = report_to_html(bare)
    assert "<img" not in page
    assert outlined(page).open == []


def test_without_the_parser_the_extra_is_named(written, monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[pictures\]"):
        report_to_html(written)


def test_a_small_page_by_hand():
    text = (
        "# a\n\nb\n\n## c &lt;i&gt;\n\n![d](e.svg)\n\n*f*\n\n#### g\n\n"
        "- **reach** and reach\n  - in_words\n\n| x | y |\n| --- | ---: |\n| 1 | k\\|l |\n"
    )
    known = {"reach": "reach", "in_words": "in_words"}
    about, section = page_sections(text, {"e.svg"}, lambda word: known.get(word, ""))
    assert (about.title, about.parts) == ("a", [Words("<p>b</p>")])
    picture, heading, points, table = section.parts
    assert section.title == "c <i>"
    assert picture == Picture("e.svg", "d", "<em>f</em>")
    assert heading == Words("<h3>g</h3>")
    term = '<span class="term" tabindex="0" aria-describedby="def-{0}">{0}</span>'
    assert f"<strong>{term.format('reach')}</strong> and reach" in points.html
    assert term.format("in_words") in points.html
    assert table == WrittenTable(("c <i>", "g"), ("x", "y"), (("1", "k|l"),), (0,))
