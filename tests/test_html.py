from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.page_outline import outlined
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.export import comparison_to_html, mask_titles, to_html
from topograph.export.html_tables import html_table, sort_key
from topograph.graph import chain
from topograph.plots import comparison_figures, figure_data, vega_spec
from topograph.toy import broken_bridge, butterfly, fano
from topograph.weighted import WEIGHTED_METRICS, WeightedGraph

for _package in ("jinja2", "vl_convert"):
    pytest.importorskip(_package, reason="pages need the extra pictures")

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def pages():
    graph = broken_bridge()
    graphs = {"A": butterfly(), "B": graph, "C": fano()}
    comparison = compare([analyze(one, source=name) for name, one in graphs.items()])
    return {
        "report": to_html(analyze(graph, source="bridge.npz"), figure_data(graph)),
        "comparison": comparison_to_html(comparison, comparison_figures(comparison, graphs)),
    }


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_a_page_is_whole_and_asks_for_nothing(pages, name):
    outline = outlined(pages[name])
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.named) <= set(outline.ids)
    assert all(link.startswith(("#", "data:")) for link in outline.asked)
    assert {link[1:] for link in outline.asked if link.startswith("#")} <= set(outline.ids)
    assert "default-src 'none'" in pages[name]
    assert len(pages[name]) < 6_000_000


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_headings_skip_no_level(pages, name):
    outline = outlined(pages[name])
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    for before, after in zip(outline.headings, outline.headings[1:], strict=False):
        assert after <= before + 1


def test_verdicts_come_first_and_in_words(pages):
    page = pages["report"]
    assert page.index("Some inputs do not reach some outputs") < page.index("Figures</h2>")
    assert "Input 2 reaches no output: its fan-out is 0." in page


def test_names_that_look_like_markup_are_text():
    graph = chain([Sparse.from_matrix(np.ones((2, 2)))] * 2, names=[EVIL, "b</script><i>"])
    page = to_html(analyze(graph, source=EVIL), figure_data(graph))
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    held = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    figures = json.loads(held[1])
    assert figures["fan-in"]["panels"][0]["title"] == EVIL
    outline = outlined(page)
    assert outline.open == []


def test_every_metric_of_the_page_is_defined_in_it(pages):
    terms = set(re.findall(r'aria-describedby="(def-[^"]+)"', pages["report"]))
    assert "def-sigma_2" in terms
    assert all(f'id="{term}"' in pages["report"] for term in terms)


def test_a_page_without_figures_holds_no_library():
    page = to_html(analyze(fano()))
    assert "vegaEmbed" not in page.partition("<main")[2].partition("<script>")[0]
    assert len(page) < 100_000


def test_the_page_is_the_same_for_the_same_report(pages):
    graph = broken_bridge()
    assert to_html(analyze(graph, source="bridge.npz"), figure_data(graph)) == pages["report"]


def test_a_comparison_says_what_sets_each_mask_apart(pages):
    page = pages["comparison"]
    assert "Every input reaches every output, by equally many paths." in page
    assert "50 % of the pairs of input and output are joined" in page


def test_specifications_are_drawn_by_vega_lite():
    import vl_convert

    for graph in (broken_bridge(), chain([fano().layers[0].biadjacency] * 9)):
        for figure in figure_data(graph):
            for panel in figure.panels:
                spec = {**vega_spec(panel), "width": 300}
                text = json.dumps(spec).replace("series-", "#00000").replace("no-path", "#f00")
                text = text.replace("theme-ink", "#000").replace('"void"', '"#000"')
                assert "<svg" in vl_convert.vegalite_to_svg(text, vl_version="6.1")


def test_cells_sort_by_their_number_and_empty_ones_last():
    assert [sort_key(text) for text in ("1,234", "≥ 5", "-3.5", "0.2 ± 0.1", "undefined")] == [
        "1234",
        "5",
        "-3.5",
        "0.2",
        "",
    ]
    assert float(sort_key("1.00000e40 (41 digits)")) == 1e40
    assert float(sort_key("2^70 (22 digits)")) == 1e21
    table = html_table("", ["a", "b"], [["x1", "3"]], text_columns=(0,))
    assert [cell.sort for cell in table.rows[0]] == ["x1", "3"]


def test_letters_name_the_masks():
    comparison = compare([analyze(fano()), analyze(butterfly())])
    assert mask_titles(comparison) == ["A", "B"]


def test_what_weights_tell_is_on_the_page_with_its_definitions():
    net = WeightedGraph(broken_bridge(), {"layer1": [1.0, 2.0], "layer2": [3.0, 4.0, 5.0, 6.0]})
    report = analyze(net.graph, weighted=net)
    page = to_html(report)
    for name in WEIGHTED_METRICS:
        assert f'id="def-{name}"' in page, name
    norm = report.measurement("path_norm_l1").value
    assert f'<td data-sort="{norm:g}">{norm:g}</td>' in page
