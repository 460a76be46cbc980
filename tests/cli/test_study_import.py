from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from tests.study.test_importing import table
from topograph.errors import ParameterError
from topograph_cli.app import topograph

MAPPED = (
    *("--stratum", "model", "--stratum", "sparsity", "--topology", "mask", "--seed", "run"),
    *("--labelling", "order", "--family", "method", "--environment", "data"),
    *("--predicts-all", "all", "--control", "log_edges", "--permutations", "199"),
)


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    path = tmp_path_factory.mktemp("nets") / "nets.csv"
    rows = table()
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def start(*arguments):
    return CliRunner().invoke(topograph, ["study", "import", *map(str, arguments)])


def test_a_table_of_others_is_analysed(nets):
    done = start(
        nets, "--outcome", "acc", "--property", "reach", "--property", "gap",
        "--primary", "reach", *MAPPED,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.output.startswith("# 128 nets, 4 cells\n\n- Within strata, nets with more reach")
    assert "| reach | primary | +0." in done.output
    assert "| gap | exploratory | " in done.output


def test_a_primary_need_not_be_named_as_a_property_too(nets, tmp_path):
    target = tmp_path / "found.json"
    done = start(
        nets, "--outcome", "acc", "--primary", "reach", "--format", "json", "-o", target, *MAPPED
    )
    assert (done.exit_code, done.output) == (0, "")
    found = json.loads(target.read_text())
    assert found["notes"] == []
    assert found["findings"]["primaries"][0]["name"] == "reach"
    assert found["findings"]["exploratory"] == []


def test_what_was_not_said_is_said(nets):
    done = start(nets, "--outcome", "acc", "--property", "reach", "--permutations", "99")
    assert "- No topologies: every row counts as a topology of its own." in done.output
    assert "one stratum" not in done.output
    assert "| reach | exploratory | +0." in done.output


def test_a_column_that_is_not_there_is_named(nets):
    done = start(nets, "--outcome", "accuracy", "--property", "reach")
    assert isinstance(done.exception, ParameterError)
    assert "but it is 'accuracy'" in done.exception.message
