from __future__ import annotations

import re
import sys

import pytest

from tests.study.report.simulated_rows import simulated_rows, specification
from topograph.errors import MissingExtraError, ParameterError
from topograph.study.analysing import analyse_study
from topograph.study.report import write_report


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of a study of two rates, with random labellings and data for confirmation."""
    rows = simulated_rows(
        3,
        n_labellings=2,
        n_topologies=2,
        rate_factors=(0.5, 1.0),
        data=("digits", "mnist"),
        failing=False,
    )
    asked = specification(
        data=["digits", "mnist"], rate_factors=[0.5, 1.0], n_validation=100, confirmation=["mnist"]
    )
    folder = tmp_path_factory.mktemp("report") / "new"
    results = analyse_study(rows, asked)
    return write_report(rows, asked, results, folder, about={"Versions": "topograph 0.1 | x"})


def test_every_figure_of_the_page_is_there_twice(written):
    text = written.page.read_text(encoding="utf-8")
    linked = set(re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text))
    vectors = {path for path in written.figures if path.suffix == ".svg"}
    assert {written.page.parent / one for one in linked} == vectors
    assert {path.with_suffix(".png") for path in vectors} == set(written.figures) - vectors
    assert all(path.stat().st_size for path in written.figures)


def test_words_come_first_and_long_tables_last(written):
    text = written.page.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "Answer"
    assert headings[-2:] == ["Methods", "Tables"]
    assert (
        "### Tuned learning rate, confirmation\n\n- **connected_pair_fraction**: confirmed" in text
    )
    assert text.index("predicts accuracy at equal density") < text.index("|")


def test_every_line_of_a_table_has_as_many_cells_as_its_head(written):
    tables = re.findall(r"(?:^\|.*\n)+", written.page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(tables) > 10
    for one in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in one.splitlines()}) == 1


def test_a_study_without_registration_says_so_and_names_are_escaped(written):
    text = written.page.read_text(encoding="utf-8")
    assert "**The study was not registered before it ran.**" in text
    assert r"Versions: topograph 0.1 \| x." in text


def test_nothing_is_said_to_be_none_or_nan(written):
    assert not re.search(r"\b(None(?! of )|nan|inf)\b", written.page.read_text(encoding="utf-8"))


def test_without_matplotlib_the_extra_is_named(study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[study\]"):
        write_report(*study, tmp_path)
    assert not (tmp_path / "report.md").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(study, tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(ParameterError, match="there can be none here"):
        write_report(*study, tmp_path / "taken")
