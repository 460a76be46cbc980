"""The numbers that examples/second_look.py prints are those that were planted."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from topograph.study.statistics import variance_components

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
RESULTS = EXAMPLES.parent / "docs" / "results" / "studies"
LOGITS, START, DECAY, DEAD = "relu_logits", "initialisation", "l2", "dead outputs"


@pytest.fixture
def look(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import second_look

    return second_look


def row(topology, accuracy, *, labelling=0, seed=0, rate=1.0, **more):
    """A training of the uniform family in one cell; accuracy None is a diverged run."""
    design = {
        "data": "mnist",
        "variant": "",
        "regime": "lenet",
        "stratum": "lenet 0.01",
        "n_classes": 10,
    }
    design |= {"family": "uniform", "role": "named", "base": "", "series": "", "dose": None}
    design |= {"topology": topology, "labelling": labelling, "seed": seed, "rate_factor": rate}
    design |= {"test_accuracy": accuracy, "validation_accuracy": accuracy}
    design |= {"diverged": accuracy is None, "predicts_all": accuracy is not None}
    design["edges.3"] = 10
    return design | more


def section(document, title):
    """The lines of tables in a section, by their first words; and its text."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", document, flags=re.M | re.S)
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return lines, text


def line(document, title, *words):
    """What follows some words in the only line of a section's tables that has them."""
    (found,) = [
        cells for cells in section(document, title)[0] if cells[: len(words)] == list(words)
    ]
    return found[len(words) :]


def families():
    dead = {"metric.dead_outputs": 1, "metric.dead_inputs": 40}
    return [
        # balanced: (91 + 80) / 2 and 88.5
        row("b1", 0.9, family="balanced", **{"metric.dead_inputs": 10}),
        row("b1", 0.92, seed=1, family="balanced", **{"metric.dead_inputs": 10}),
        row("b1", 0.8, labelling=1, family="balanced", **{"metric.dead_inputs": 10}),
        row("b2", 0.999, rate=1.0, family="balanced", validation_accuracy=0.5),
        row("b2", 0.885, rate=3.0, family="balanced", validation_accuracy=0.6),
        # uniform: 80 and (70 + (80 + 90) / 2) / 2; the best rate of three is the middle one
        row("u1", 0.7, rate=0.3, validation_accuracy=0.6, **dead),
        row("u1", 0.8, rate=1.0, validation_accuracy=0.7, **dead),
        row("u1", 0.99, rate=3.0, validation_accuracy=0.7, **dead),
        row("u2", 0.7, **dead),
        row("u2", 0.8, labelling=1, predicts_all=False, **dead),
        row("u2", 0.9, labelling=1, seed=1, **dead),
        row("o1", None, stratum="alone", family="scale-free"),
    ]


def test_families_are_means_over_seeds_then_labellings_then_topologies(look):
    found = look.document("main", families())
    assert "5 topologies in 7 labellings, 12 trainings" in found
    assert line(found, "Families", "mnist", "lenet 0.01", "balanced") == [
        *("2", "87.00", "2.12", "89.75", "80.00", "0.0", "0", "-", "-", "10")
    ]
    assert line(found, "Families", "mnist", "lenet 0.01", "uniform") == [
        *("2", "78.75", "1.77", "75.00", "85.00", "12.5", "2", "40", "-", "10")
    ]
    assert line(found, "Families", "mnist", "alone", "scale-free")[:2] == ["1", "10.00"]


def test_differences_have_welchs_interval(look):
    place = ("mnist", "lenet 0.01", "balanced less uniform")
    difference = line(look.document("main", families()), "Differences between families", *place)[0]
    expected = stats.ttest_ind([85.5, 88.5], [80, 77.5], equal_var=False).confidence_interval()
    assert difference == f"+8.25 ({expected.low:+.2f} to {expected.high:+.2f})"


def test_rates_are_chosen_on_held_out_images(look):
    # b2 does best at the larger of two rates; u1 in the middle, for of equals that nearest to 1
    lines = line(look.document("main", families()), "Rates", "all")
    assert lines == ["7", "14.3", "20.0", "14.3", "20.0"]


def test_failures_count_runs_and_topologies(look):
    planted = [
        row("bad", 0.2, predicts_all=False, **{"metric.output_fan_in_min": 1}),
        row("mixed", 0.4, predicts_all=False, **{"metric.output_fan_in_min": 3}),
        row("mixed", 0.5, labelling=1, **{"metric.output_fan_in_min": 3}),
        row("good", 0.6, **{"metric.output_fan_in_min": 2}),
    ]
    found = look.document("main", planted)
    # pairs: bad and mixed (right, 1/2), bad and good (right, 1), mixed and good (wrong, 1/2)
    assert line(found, "Failures", "mnist", "lenet 0.01") == ["4", "2", "100.0", "50.0", "0.75"]
    assert "2 of 4 runs miss a class, 50.0 % (doses apart)" in found


def test_twins_are_compared_with_their_own_base(look):
    twin = {"family": "pruned, degree twins", "role": "twin"}
    planted = [
        row("m1", 0.8, family="pruned"),
        row("m2", 0.7, family="pruned"),
        row("t1", 0.5, base="m1", **twin),
        row("t2", 0.6, base="m1", **twin),
        row("t3", 0.6, base="m2", **twin),
    ]
    found = line(
        look.document("main", planted),
        *("Differences between families", "mnist", "lenet 0.01", "pruned less its degree twins"),
    )
    expected = stats.ttest_1samp([25.0, 10.0], 0).confidence_interval()
    assert found == [f"+17.50 ({expected.low:+.2f} to {expected.high:+.2f})", "2"]


def test_natural_labellings_are_compared_within_topologies(look):
    planted = [
        row("r1", 0.6, family="receptive field"),
        row("r1", 0.8, labelling=1, family="receptive field"),
        row("r1", 0.9, labelling=2, family="receptive field"),
        row("r2", 0.7, family="receptive field"),
        row("r2", 0.75, labelling=1, family="receptive field"),
        row("r3", 0.1, family="receptive field"),  # never relabelled
    ]
    place = ("mnist", "lenet", "receptive field")
    found = line(look.document("main", planted), "Natural and random labellings", *place)
    expected = stats.ttest_1samp([-25.0, -5.0], 0).confidence_interval()
    interval = f"{expected.low:+.2f} to {expected.high:+.2f}"
    assert found == [f"-15.00 ({interval})", "-25.00", "-5.00", "2"]


def test_doses_have_slopes_and_a_middle(look):
    planted = [
        row(
            f"{series} {dose}",
            0.8 + slope * (dose - 0.2) / 100,
            role="dose",
            series=series,
            dose=dose,
            family="dose of reach",
            **{"metric.connected_pair_fraction": dose, "metric.path_count_cv": 1 / dose},
            **{"metric.sigma_1.mean": 3.0 if dose < 0.4 else 2.0, "metric.path_count": 100},
            **{"metric.effective_density": 0.1 if dose < 0.6 else 0.102},
        )
        for series, slope in (("a", 10), ("b", 20))
        for dose in (0.2, 0.44, 0.67)
    ]
    found = look.document("main", planted)
    _, text = section(found, "Dose and response")
    half = stats.t.ppf(0.975, 1) * 5  # the slopes' standard error is 5
    assert f"mnist: +15.00 ({15 - half:+.2f} to {15 + half:+.2f}) points a unit of reach" in text
    assert "of 2 series, upwards in 2; p = 0.500 by flipping signs" in text
    assert re.search(r"nearest to 0\.67: \+3\.45 \([^)]*\) points, upwards in 2 of 2", text)
    assert line(found, "Dose and response", "2") == ["0.44", "83.60"]
    assert line(found, "Dose and response", "sigma_1.mean") == ["+50.0", "0.0", "0.0", "50.0"]
    assert "effective_density 1.0 %" in text
    assert "path_count 0.0 %" in text
    assert "-1.00 over all dosed topologies, -1.00 within a series" in text
    assert section(found, "Families")[1].strip() == "Not in this table."


@pytest.fixture
def uneven():
    """One cell: 30 topologies with one to three labellings, these with one or two seeds."""
    random = np.random.default_rng(5)
    rows = []
    for at in range(30):
        reach, spread, gap = (float(value) for value in random.integers(9, size=3))
        more = {
            "metric.connected_pair_fraction": reach,
            "metric.path_count_cv": spread,
            "metric.spectral_gap.mean": gap - reach,
        }
        level = 0.3 + 0.03 * reach + 0.05 * random.random()
        for labelling in range(random.integers(1, 4)):
            there = level + 0.06 * random.standard_normal()
            for seed in range(random.integers(1, 3)):
                value = there + 0.03 * random.standard_normal()
                rows.append(row(f"t{at}", value, labelling=labelling, seed=seed, **more))
    return rows


def test_shares_of_variance_are_those_of_nested_components(look, uneven):
    columns = [
        [one[name] for one in uneven] for name in ("test_accuracy", "topology", "labelling", "seed")
    ]
    expected = variance_components(*columns)
    found = line(look.document("main", uneven), "Whose variance it is", "mnist", "lenet 0.01")
    shares = (expected.topology_share, expected.labelling_share, expected.seed_share)
    assert found[-3:] == [f"{100 * share:.0f}" for share in shares]
    assert expected.labelling_share > 0.1


def means_by_hand(rows, values):
    """Mean over seeds, then labellings, of each topology."""
    means = {}
    for one, value in zip(rows, values, strict=True):
        means.setdefault(one["topology"], {}).setdefault(one["labelling"], []).append(value)
    return np.array(
        [np.mean([np.mean(seeds) for seeds in nets.values()]) for nets in means.values()]
    )


def test_orders_and_degrees_are_those_of_scipy(look, uneven):
    accuracies = [one["test_accuracy"] for one in uneven]
    of_accuracy = means_by_hand(uneven, accuracies)
    of_rank = means_by_hand(uneven, stats.rankdata(accuracies))
    reach, spread, gap = (
        means_by_hand(uneven, [one[f"metric.{name}"] for one in uneven])
        for name in ("connected_pair_fraction", "path_count_cv", "spectral_gap.mean")
    )
    connectivity = stats.rankdata(reach) + stats.rankdata(-spread)
    found = look.document("main", uneven)
    title = "How properties order topologies"
    for name, values in (("connectivity", connectivity), ("spectral_gap.mean", gap)):
        expected = [stats.kendalltau(values, told).statistic for told in (of_rank, of_accuracy)]
        cells = line(found, title, name)
        assert cells == [f"{tau:+.2f}" for tau in expected] + ["-", "-"] + cells[:2]
    assert len(line(found, title, "mnist", "lenet 0.01")) == 9

    # fans and singular values are not in the table: what needs them has no value
    by_accuracy, by_rank = (
        cells[2:]
        for cells in section(found, "Degrees against connectivity")[0]
        if cells[:2] == ["mnist", "lenet 0.01"]
    )
    assert by_accuracy[:5] == ["30", "-", "-", "-", "-"]
    r = stats.pearsonr(connectivity, stats.rankdata(of_accuracy)).statistic
    assert by_accuracy[5] == f"{r**2:.2f}"
    assert by_accuracy[6] == f"{stats.spearmanr(gap, of_accuracy).statistic:+.2f}"
    assert by_rank[5] == f"{stats.pearsonr(connectivity, of_rank).statistic ** 2:.2f}"


def test_explained_and_partial_are_those_of_least_squares(look):
    del look
    import second_look_predictors as predictors

    random = np.random.default_rng(2)
    outcome, one, other = random.standard_normal((3, 12))
    r, a, b = (
        stats.pearsonr(*pair).statistic for pair in ((outcome, one), (outcome, other), (one, other))
    )
    both = (r**2 + a**2 - 2 * r * a * b) / (1 - b**2)
    assert predictors.explained(outcome, [one, other]) == pytest.approx(both)
    partial = (r - a * b) / np.sqrt((1 - a**2) * (1 - b**2))
    assert predictors.correlation(outcome, one, [other]) == pytest.approx(partial)


def factorial(topology, accuracy, fails, *, dead=0, repaired=True, **more):
    """A topology and its twin under every combination: accuracy and failing say how they do."""
    rows = []
    for mended in itertools.product([False, True], repeat=4 if repaired else 3):
        names = set(itertools.compress((LOGITS, START, DECAY, DEAD), mended))
        factors = {
            "factor.relu_logits": LOGITS not in names,
            "factor.initialisation": "fan_in" if START in names else "truncated_normal",
            "factor.l2": 0.0 if DECAY in names else 0.004,
            "factor.repaired": DEAD in names if repaired else None,
            "variant": str(mended[:3]),
            "base": topology if DEAD in names else "",
            "n_edges": 12 if DEAD in names and dead else 10,
            "metric.dead_outputs": 0 if DEAD in names else dead,
        }
        name = f"{topology} repaired" if DEAD in names else topology
        for seed in (0, 1):
            value = (accuracy(names) + (1 if seed else -1)) / 100
            good = not fails(names)
            rows.append(row(name, value, seed=seed, predicts_all=good, **factors | more))
    return rows


def planted_factorial():
    def worth(names):
        parts = {LOGITS: 1, START: -2, DECAY: 4, DEAD: 8}
        return 50 + sum(parts[name] for name in names)

    large = {"repaired": False, "stratum": "large", "family": "RadiX"}
    here = {"family": "one-time pruned", "stratum": "uniform 0.01"}
    return [
        *factorial("open", lambda names: worth(names - {DEAD}), lambda n: LOGITS not in n, **here),
        *factorial("shut", worth, lambda names: not {LOGITS, DEAD} <= names, dead=3, **here),
        *factorial("plain", lambda _: 40, lambda _: True, **here | {"family": "random"}),
        *factorial("radix", lambda names: 90 if START in names else 10, lambda _: False, **large),
    ]


def test_failures_are_split_by_dead_outputs(look):
    found = look.document("instability", planted_factorial())
    title = "With and without dead outputs"
    # open and plain have none; shut fails until logits and dead outputs are mended
    assert line(found, title, "none", "failures") == ["2", "100.0", "50.0", "50.0"]
    assert line(found, title, "none", "accuracy") == ["2", "45.0", "46.5", "46.5"]
    assert line(found, title, "some", "failures") == ["1", "100.0", "100.0", "0.0"]
    assert line(found, title, "some", "accuracy") == ["1", "50.0", "53.0", "61.0"]


def test_parts_are_shapley_values(look):
    found = look.document("instability", planted_factorial())
    title = "Parts of the factors"
    # failures of three topologies: open -100 by logits, shut -50 each by logits and dead outputs
    assert line(found, title, LOGITS) == ["-50.0", "+0.7"]
    assert line(found, title, START) == ["0.0", "-1.3"]
    assert line(found, title, DECAY) == ["0.0", "+2.7"]
    assert line(found, title, DEAD) == ["-16.7", "+2.7"]
    text = section(found, title)[1]
    assert "from 100.0 % with nothing mended to 33.3 % with all, means over 3 topologies" in text
    assert "The fewest, 33.3 %, come with relu_logits and dead outputs mended." in text


def test_initialisation_is_split_by_the_logits(look):
    planted = factorial("one", lambda _: 50, lambda names: START in names and LOGITS not in names)
    found = look.document("instability", planted)
    assert line(found, "Initialisation", "with a repaired twin", "ReLU") == ["1", "+100.0"]
    assert line(found, "Initialisation", "with a repaired twin", "linear") == ["1", "0.0"]


def test_kinds_sizes_and_repair(look):
    found = look.document("instability", planted_factorial())
    place = ("uniform 0.01", "one-time pruned")
    assert line(found, "Accuracy of every kind", *place) == [
        *("2", "50.0", "51.0", "48.0", "54.0", "54.0", "53.0", "59.0", "57.0", "59.0")
    ]
    assert line(found, "Failures of every kind", *place) == [
        *("2", "100.0", "50.0", "100.0", "100.0", "100.0", "50.0", "0.0", "0.0", "0.0")
    ]
    assert line(found, "Accuracy of every kind", "large", "RadiX") == [
        *("1", "10.0", "10.0", "90.0", "10.0", "-", "90.0", "-", "-", "90.0")
    ]
    assert line(found, "RadiX-Nets and random hidden layers", "large", "RadiX") == [
        *("1", "90.00", "-", "11.00", "91.00")
    ]
    assert line(found, "Pruned and random topologies", *place) == ["+10.0", "+13.0", "+17.0"]
    # joined dead outputs end the failures of shut in the four of eight recipes with linear logits
    assert line(found, "Repair", *place) == [
        *("1", "-50.0", "+8.0", "-50.0", "+8.0", "3", "2", "10")
    ]
    assert "0 of 16 twins' mean accuracies differ" in found


def test_the_script_reads_a_table_and_leaves_out_what_is_missing(tmp_path):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    file = tmp_path / "table.parquet"
    polars.DataFrame(families(), infer_schema_length=None).write_parquet(file)
    command = [sys.executable, str(EXAMPLES / "second_look.py"), "main", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert section(done.stdout, "Dose and response")[1].strip() == "Not in this table."
    assert line(done.stdout, "Families", "mnist", "lenet 0.01", "balanced")[1] == "87.00"


def test_what_is_no_table_is_one_sentence(look, tmp_path):
    pytest.importorskip("polars", reason="polars is not installed")
    damaged = tmp_path / "table.parquet"
    damaged.write_text("no table")
    for file in (damaged, tmp_path / "none.parquet"):
        with pytest.raises(SystemExit, match=r"^Error: .* must be a table in Parquet \(.*\)\.$"):
            look.rows_of(file)


@pytest.mark.parametrize("study", ["main", "instability"])
def test_the_documents_of_the_pages_are_those_of_their_tables(look, study):
    pytest.importorskip("polars", reason="polars is not installed")
    folder = RESULTS / study
    if not folder.exists():
        pytest.skip("the results are not there")
    found = look.document(study, look.rows_of(folder / "table.parquet"))
    assert found + "\n" == (folder / "second_look.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", found, flags=re.M) == list(look.STUDIES[study])
    assert "Not in this table." not in found
    assert "nan" not in found
