from __future__ import annotations

import json

import pytest

from tests.study import benched
from topograph.training.bundle.collecting import write_table

QUICK = ("--permutations", 199, "--quiet")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    write_table(benched.rows(rate_factors=(1.0, 3.0)), path)
    return path


@pytest.fixture
def reach(tmp_path):
    (tmp_path / "reach.py").write_text(benched.REACH)
    return tmp_path / "reach.py"


def test_a_metric_with_an_effect_stands_in_the_table_and_in_words(run, table, reach):
    done = run("bench", reach, "--table", table, *QUICK)
    assert done.code == 0, done.err
    titles, first, second, *_ = done.out.splitlines()
    assert titles.split()[0] == "metric"
    assert titles.endswith("undefined")
    assert first.startswith("my_reach       +0.")
    assert first.endswith(" 0")
    assert second.startswith("path_count_cv  ")
    assert "Within strata, nets with more my_reach are better: tau +0." in done.out
    assert "40 classes, 160 runs at tuned rates, in 4 cells." in done.out


def test_a_metric_without_an_effect_is_said_to_have_none(run, table, tmp_path):
    (tmp_path / "chance.py").write_text(benched.CHANCE)
    done = run("bench", tmp_path / "chance.py", "--table", table, *QUICK)
    assert done.code == 0
    assert "There is no sign that chance orders nets of one stratum" in done.out


def test_json_goes_to_a_file(run, table, reach, tmp_path):
    target = tmp_path / "score.json"
    done = run("bench", reach, "--table", table, "--format", "json", "-o", target, *QUICK)
    assert (done.code, done.out) == (0, "")
    found = json.loads(target.read_text())
    assert found["metric"] == "my_reach"
    assert found["findings"]["primaries"][0]["test"]["p_value"] == 0.005
    few = run("bench", reach, "--table", table, "--format", "json", "--topologies", 5, *QUICK)
    assert json.loads(few.out)["n_classes"] == 10


def test_undefined_and_left_out_classes_are_counted(run, tmp_path):
    rows = benched.rows()
    first = rows[0]["topology"]
    making = json.dumps(json.loads(rows[0]["making"]) | {"family": "pruned"})
    changed = [row | {"making": making} if row["topology"] == first else row for row in rows]
    write_table(changed, tmp_path / "table.jsonl")
    (tmp_path / "some.py").write_text(
        "from topograph.errors import Undefined\n"
        "def some(graph):\n"
        "    if graph.n_edges % 2 or graph.layers[0].fan_in().max() > 6:\n"
        "        raise Undefined('too many')\n"
        "    return float(graph.layers[0].fan_in().std())\n"
    )
    done = run("bench", tmp_path / "some.py", "--table", tmp_path / "table.jsonl", *QUICK)
    assert "1 class left out: masks kept in the study's folder." in done.out
    count = int(done.out.splitlines()[1].split()[-1])
    assert f"{count} classes without a value: too many." in done.out


def test_what_is_wrong_is_said_in_a_sentence(run, table, reach, tmp_path):
    missing = run("bench", tmp_path / "gone.py", "--table", table)
    assert missing.code == 1
    assert "gone.py: The file must be readable" in missing.err
    other = tmp_path / "other.csv"
    other.write_text("acc,reach\n0.5,1\n")
    wrong = run("bench", reach, "--table", other)
    assert wrong.code == 2
    assert "must have the columns topology" in wrong.err
    assert "topograph study import" in wrong.err
    assert run("bench", reach, "--table", table, "--function", "none").code == 2


def test_help_says_that_the_file_is_run(run):
    assert "your own code, and is run" in run("bench", "--help").out.replace("\n", " ")
