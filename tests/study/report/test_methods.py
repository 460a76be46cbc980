from __future__ import annotations

from tests.study.report.simulated_rows import FAMILIES, PROPERTIES, specification
from topograph.study.report.study_methods import methods, registration


def test_all_that_the_file_says_is_told():
    asked = specification(
        rate_factors=[0.5, 1.0], n_validation=5000, relabellings=2, confirmation=["mnist"]
    )
    text = methods(asked.as_dict())
    for words in (
        *FAMILIES,
        *PROPERTIES,
        "784 - 300 - 100",
        "1 %, 3 %, 10 %",
        "5,000 of digits",
        "Kept for confirmation, and reported apart: mnist",
        "that of the recipe times 0.5 and 1",
        "2 seeds (0, 1)",
        "199 permutations",
        "4 series of 5 topologies",
        "Families are compared with uniform",
        "| rates | 0.05 from step 0 |",
    ):
        assert words in text


def test_relabellings_of_a_source_come_before_those_of_the_study():
    sources = [{"family": "banded", "relabellings": 7}, {"family": "uniform"}]
    text = methods(specification(topologies=sources, relabellings=2).as_dict())
    assert "| banded | banded | everywhere | named | 1 | 7 | none |" in text
    assert "| uniform | uniform | everywhere | named | 1 | 2 | none |" in text


def test_fewer_seeds_are_told():
    sources = [{"family": "banded", "seeds": 1}, {"family": "uniform"}]
    text = methods(specification(topologies=sources).as_dict())
    assert "| banded | banded | everywhere | named | 1 | 0 | none | 1 |" in text
    assert "| uniform | uniform | everywhere | named | 1 | 0 | none | all |" in text
    assert "seeds |" not in methods(specification(topologies=sources[1:]).as_dict())


def test_twins_are_told():
    sources = [
        {"family": "uniform"},
        {"family": "banded", "degree_twins": 2, "density_twins": 1, "repaired": True},
    ]
    text = methods(specification(topologies=sources).as_dict())
    assert "2 twins of equal degrees, 1 twin of equal edges per layer" in text
    assert "dead outputs joined" in text


def test_variants_are_told_by_their_differences(factorial):
    text = methods(factorial[1].as_dict())
    assert "| variant | l2 | initialisation |" in text
    assert text.count("| batch_size |") == 1
    assert "| l2 | 0 |" not in text


def test_a_study_that_was_not_registered_says_so():
    assert registration(None) == ["**The study was not registered before it ran.**"]


def test_amendments_are_told():
    content = {
        "registered": "2026-01-02T03:04:05+00:00",
        "topograph": "0.1.0",
        "hash": "abc",
        "amends": [{"registered": "2026-01-01", "hash": "def", "changed": ["seeds"]}],
    }
    first, second = registration(content)
    assert "2026-01-02" in first
    assert "abc" in first
    assert "before the first run" not in first
    assert second.startswith("**Amended**")
    assert second.endswith(", after a number of runs that was not recorded; changed: seeds.")
    content["amends"][0]["runs_done"] = 1200
    assert registration(content)[1].endswith(", after 1,200 runs; changed: seeds.")
    content["amends"] = []
    (first,) = registration(content)
    assert ", before the first run, with topograph 0.1.0" in first
