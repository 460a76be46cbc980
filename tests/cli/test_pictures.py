from __future__ import annotations

import numpy as np
import pytest

for _package in ("jinja2", "vl_convert", "matplotlib"):
    pytest.importorskip(_package, reason="pictures need the extra pictures")


def test_analyze_writes_a_page_and_figures_beside_its_answer(run, radix, tmp_path):
    page, folder = tmp_path / "report.html", tmp_path / "figures"
    arguments = ("analyze", radix, "--html", page, "--figures", folder, "--figure-format", "svg")
    outcome = run(*arguments)
    assert outcome.code == 0
    assert "path_count" in outcome.out
    assert "All pairs have equally many paths" in page.read_text(encoding="utf-8")
    assert (folder / "path-matrix.svg").exists()


def test_a_page_is_of_one_net(run, radix, tmp_path):
    outcome = run("analyze", radix, radix, "--each", "--html", tmp_path / "report.html")
    assert outcome.code == 2
    assert "compare" in outcome.err


def test_verify_writes_what_was_asked_alone(run, bridge, tmp_path):
    page = tmp_path / "verdicts.html"
    outcome = run("verify", bridge, "--connected", "--html", page)
    assert outcome.code == 4
    text = page.read_text(encoding="utf-8")
    assert "Some inputs do not reach some outputs" in text
    assert "Some pairs have more paths than others" not in text


def test_compare_writes_one_page_of_all_masks(run, radix, bridge, tmp_path):
    page = tmp_path / "comparison.html"
    arguments = ("compare", radix, bridge, "--html", page, "--distance")
    outcome = run(*arguments, "--null", "degree", "--samples", "5", "--jobs", "1")
    assert outcome.code == 0
    text = page.read_text(encoding="utf-8")
    for words in ("A: ", "B: ", str(radix), "Distances", "5 nets of the same degrees"):
        assert words in text


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_draw_writes_the_net(run, bridge, tmp_path, suffix):
    outcome = run("draw", bridge, "-o", tmp_path / f"net.{suffix}")
    assert outcome.code == 0
    assert "units and edges" in outcome.err
    start = (tmp_path / f"net.{suffix}").read_bytes()[:5]
    assert start in (b"<?xml", b"\x89PNG\r", b"%PDF-")


def test_draw_writes_the_figures_of_a_net_made_on_the_spot(run, tmp_path):
    made = "generate:radix --systems [[2,3]] --dense-widths 1,2,1"
    outcome = run("draw", made, "--figures", tmp_path / "here", "--figure-format", "png")
    assert outcome.code == 0
    assert "Wrote 7 figures" in outcome.err
    assert len(list((tmp_path / "here").glob("*.png"))) == 7


def test_draw_says_what_it_needs(run, radix, tmp_path):
    assert run("draw", radix).code == 2
    outcome = run("draw", radix, "-o", tmp_path / "net.jpeg")
    assert outcome.code == 2
    assert ".svg, .png or .pdf" in outcome.err


@pytest.mark.parametrize("command", ["analyze", "verify", "draw"])
def test_what_was_written_is_said_and_what_was_not_drawn_and_why(run, tmp_path, command):
    mask, folder, page = tmp_path / "empty.npy", tmp_path / "figures", tmp_path / "page.html"
    np.save(mask, np.zeros((3, 4)))
    pages = () if command == "draw" else ("--html", page)
    outcome = run(command, mask, "--figures", folder, *pages, "--quiet")
    gone = "path-matrix (there is no input-output path), singular-values (no layer has edges)"
    assert f"Wrote 5 figures into {folder}; not drawn: {gone}." in outcome.err
    assert len(list(folder.iterdir())) == 5
    assert (f"Wrote {page}." in outcome.err) == bool(pages)


def test_compare_says_what_it_wrote(run, radix, bridge, tmp_path):
    page, folder = tmp_path / "page.html", tmp_path / "figures"
    outcome = run("compare", radix, bridge, "--html", page, "--figures", folder)
    assert f"Wrote {page}." in outcome.err
    assert f"Wrote 4 figures into {folder}." in outcome.err
    assert "Wrote" not in outcome.out
