"""No word of a picture lies outside it, or on another word, and nothing warns."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from topograph.analysis import analyze
from topograph.biadjacency import Identity, Sparse
from topograph.comparison import compare
from topograph.graph import Layer, LayeredGraph, chain
from topograph.plots import Figure, Panel, comparison_figures, draw_figure, draw_net, figure_data
from topograph.plots.ticks import integer_ticks
from topograph.plots.words import fitted, text_width, wrapped
from topograph.toy import broken_bridge, butterfly, fano, shortcut
from topograph.verification import verify

pytest.importorskip("matplotlib", reason="drawings need matplotlib")

LONG = "encoder.blocks.0.very.long.name.of.a.layer.that.does.not.end.attention.output.weight"


def random_net(*widths, share=0.5, seed=0, names=()):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(widths))
    layers = [
        Layer(name, place, place + 1, Sparse.from_matrix(rng.random(shape) < share))
        for place, (shape, name) in enumerate(
            zip(pairs, names or [f"fc{n + 1}" for n in range(len(pairs))], strict=True)
        )
    ]
    return LayeredGraph(list(widths), layers, {})


def long_skips():
    eye = Identity(3, 3)
    line = [Layer(f"fc{n}", n, n + 1, Sparse.from_matrix(np.ones((3, 3)))) for n in range(9)]
    return LayeredGraph([3] * 10, [*line, Layer("skip", 0, 9, eye), Layer("past", 2, 4, eye)], {})


def dead_levels():
    nothing = Sparse.from_matrix(np.zeros((20, 20)))
    return chain([Sparse.from_matrix(np.eye(20)), nothing, Sparse.from_matrix(np.eye(20))])


NETS = {
    "butterfly": butterfly,
    "fano": fano,
    "broken bridge": broken_bridge,
    "shortcut": shortcut,
    "not symmetric": lambda: random_net(4, 4, 4, share=0.8, seed=1),
    "four levels": lambda: random_net(4, 4, 4, 4, share=0.8),
    "five levels": lambda: random_net(4, 4, 4, 4, 4, share=0.8),
    "one unit": lambda: random_net(1, 1, share=1.0),
    "tall": lambda: random_net(160, 3, 150, share=0.5),
    "deep": lambda: random_net(*[2] * 24, share=0.9),
    "long skips": long_skips,
    "empty": dead_levels,
    "long names": lambda: random_net(9, 8, 7, names=[LONG, "a $5 name $x$ " * 9]),
    "cells": lambda: random_net(16384, 300, 40, share=0.01, names=[LONG, LONG + LONG]),
    "many cells": lambda: random_net(*[200] * 20, share=0.1),
}


def words_of(drawing):
    """Return every text that is drawn and where it lies, in pixels."""
    from matplotlib.text import Text

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing.set_dpi(100)
        drawing.draw_without_rendering()
    hidden = set()
    axes = drawing.findobj(lambda artist: hasattr(artist, "xaxis"))
    for axis in [axis for at in axes for axis in (at.xaxis, at.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        spare = 1e-6 * (high - low)
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not (low - spare <= tick.get_loc() <= high + spare and axis.axes.axison):
                hidden |= {id(tick.label1), id(tick.label2)}
        if not axis.axes.axison:
            hidden.add(id(axis.label))
    return [
        (text.get_text(), text.get_window_extent())
        for text in drawing.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def check_words(drawing):
    words = words_of(drawing)
    assert words
    canvas = drawing.bbox
    for text, box in words:
        assert canvas.x0 - 1 <= box.x0 <= box.x1 <= canvas.x1 + 1, text
        assert canvas.y0 - 1 <= box.y0 <= box.y1 <= canvas.y1 + 1, text
    for (one, a), (other, b) in itertools.combinations(words, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or up <= 1, (one, other)
    return [text for text, _ in words]


@pytest.mark.parametrize("name", NETS)
def test_no_word_of_a_net_is_cut_or_hidden(name):
    graph = NETS[name]()
    small = max(graph.widths) <= 160
    verdicts = verify(graph, ["connected", "symmetric"]) if small else []
    drawing = draw_net(graph, verdicts, f"masks/{LONG}.npz, masks/{LONG}-{LONG}.npz")
    words = check_words(drawing)
    statement = next((v.statement for v in verdicts if v.holds is False), None)
    if statement is not None:
        assert statement in [" ".join(text.split()) for text in words]


@pytest.mark.parametrize("name", ["broken bridge", "empty", "long names", "many cells"])
def test_no_word_of_a_figure_is_cut_or_hidden_and_legends_hide_no_data(name):
    legends = 0
    for figure in figure_data(NETS[name]()):
        if not figure.panels:
            continue
        drawing = draw_figure(figure)
        words = " ".join(" ".join(check_words(drawing)).split())
        for said in (figure.caption, *figure.notes):
            assert " ".join(said.split()) in words or LONG in said
        for axes in drawing.axes:
            if axes.get_legend() is not None:
                assert axes.get_legend().get_window_extent().y1 <= axes.get_window_extent().y0
                legends += 1
    assert legends >= 2


@pytest.mark.parametrize("count", [2, 9])
def test_the_figures_of_a_comparison_say_which_file_each_letter_is(count):
    graphs = [random_net(12, 10, 8, share=0.3, seed=seed) for seed in range(count)]
    sources = [f"masks/{LONG}/{LONG}-{place}.npz" for place in range(count)]
    metrics = ["density", "dead_hidden", "path_count_cv"]
    reports = [
        analyze(graph, source=source, metrics=metrics)
        for graph, source in zip(graphs, sources, strict=True)
    ]
    named = {chr(ord("A") + place): graph for place, graph in enumerate(graphs)}
    for figure in comparison_figures(compare(reports), named):
        assert figure.key == tuple(zip(named, sources, strict=True))
        assert figure.as_dict()["key"]["A"] == sources[0]
        words = "\n".join(check_words(draw_figure(figure)))
        assert "A: masks/encoder" in words
        assert all(f"-{place}.npz" in words for place in range(count))


def test_a_source_that_is_its_name_needs_no_key():
    graphs = {"one": butterfly(), "two": fano()}
    reports = [analyze(g, source=name, metrics=["density"]) for name, g in graphs.items()]
    assert {figure.key for figure in comparison_figures(compare(reports), graphs)} == {()}


def apart(kind):
    rows = {
        "histogram": (
            {"low": None, "high": None, "count": 3},
            {"low": 1.0, "high": 1.5, "count": 2},
            {"low": 1.5, "high": 2.0, "count": 4},
        ),
        "heat": (
            {"x_low": None, "x_high": None, "y_low": 0, "y_high": 1, "value": 3},
            {"x_low": 1.0, "x_high": 1.5, "y_low": 0, "y_high": 1, "value": 2},
            {"x_low": 1.5, "x_high": 2.0, "y_low": 1, "y_high": 2, "value": 4},
        ),
    }
    panel = Panel(kind, "level 0", "log10 of the paths", "units", rows[kind], nothing="no path")
    drawing = draw_figure(Figure("paths", "Paths", "Read it.", (panel,)))
    drawing.draw_without_rendering()
    return drawing.axes[0]


@pytest.mark.parametrize("kind", ["histogram", "heat"])
def test_what_has_no_value_stands_apart_from_the_axis(kind):
    axes = apart(kind)
    (label,) = [text for text in axes.texts if text.get_text() == "no path"]
    place = label.xy[0]
    low, _ = axes.spines["bottom"].get_bounds()
    assert place < low <= min(axes.get_xticks())
    assert label.get_color() == "#B3261E"


def heat_of(first_layer, **options):
    rows = tuple(
        {"x_low": 3, "x_high": 4, "y_low": layer, "y_high": layer + 1, "value": 5}
        for layer in range(first_layer, first_layer + 9)
    )
    return Panel("heat", "layers", "fan-in", "layer", rows, integers=True, **options)


def test_a_cell_is_centred_on_its_number_and_layers_begin_at_one():
    axes = draw_figure(Figure("fan-in", "Fan-in", "", (heat_of(1),))).axes[0]
    corners = axes.collections[0].get_paths()[0].get_extents()
    assert ((corners.x0 + corners.x1) / 2, (corners.y0 + corners.y1) / 2) == (3.0, 1.0)
    assert axes.get_yticks()[0] == 1
    assert sorted(axes.get_ylim()) == [0.5, 9.5]


@pytest.mark.parametrize("count", [2, 9, 40, 1000])
def test_the_axis_of_layers_begins_with_the_first(count):
    rows = tuple({"x": n + 1, "y": 1.0, "series": "nominal"} for n in range(count))
    panel = Panel("lines", "", "layer", "density", rows)
    axes = draw_figure(Figure("density", "Density", "", (panel,))).axes[0]
    assert axes.get_xticks()[0] == 1
    assert axes.get_xlim()[0] <= 1


@pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 2), (0, 7), (1, 30), (3, 99999)])
def test_marks_are_few_whole_and_even(first, last):
    marks = integer_ticks(first, last, 6)
    assert marks[0] == first
    assert marks[-1] <= last
    assert len(marks) <= 7
    assert len(set(np.diff(marks[1:]))) <= 1


def test_long_words_lose_their_middle_and_keep_their_ends():
    short = fitted(LONG, 2.0, 9.0)
    assert text_width(short, 9.0) <= 2.0
    head, tail = short.split("…")
    assert LONG.startswith(head)
    assert LONG.endswith(tail)
    assert abs(len(head) - len(tail)) <= 1


def test_wrapped_lines_hold_every_word_and_no_line_is_too_wide():
    text = f"Some words, then {LONG} and 有 a few more."
    lines = wrapped(text, 1.5, 9.0)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line, 9.0) <= 1.5 for line in lines)
