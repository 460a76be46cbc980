from __future__ import annotations

import math
import pickle
import subprocess
import sys
from fractions import Fraction

import pytest

from tests.study import benched
from topograph.errors import ParameterError, ReadError, Undefined
from topograph.metrics import METRICS, connected_pair_fraction
from topograph.study.metric_files import number_of, read_metric


@pytest.fixture
def file(tmp_path):
    """Write a file of Python; its metrics are forgotten afterwards."""
    known = dict(METRICS)

    def write(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    yield write
    METRICS.clear()
    METRICS.update(known)


def test_a_metric_of_a_file_can_be_sent_to_another_process(file, tmp_path):
    graph = benched.designed()[0][1]
    (tmp_path / "sent.pickle").write_bytes(pickle.dumps((read_metric(file(benched.REACH)), graph)))
    there = (
        "import pathlib, pickle, sys\n"
        "function, graph = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(function(graph))"
    )
    done = subprocess.run(
        [sys.executable, "-c", there, tmp_path / "sent.pickle"], capture_output=True, text=True
    )
    assert done.stdout == f"{connected_pair_fraction(graph)}\n", done.stderr


def test_the_only_public_function_of_a_file_is_the_metric(file):
    graph = benched.designed()[0][1]
    found = read_metric(file(benched.REACH))
    assert (found.name, found(graph)) == ("my_reach", connected_pair_fraction(graph))
    two = file("def one(graph): return 1\ndef other(graph): return 2\n", "two.py")
    with pytest.raises(ParameterError, match="it defines one, other") as caught:
        read_metric(two)
    assert "--function" in caught.value.hint
    assert read_metric(two, "other")(graph) == 2
    with pytest.raises(ParameterError, match="one of one, other, but it is 'third'"):
        read_metric(two, "third")
    with pytest.raises(ParameterError, match="defines none"):
        read_metric(file("from math import sqrt\n", "none.py"))
    with pytest.raises(ParameterError, match=r"one argument, the graph, but it is f\(a, b\)"):
        read_metric(file("def f(a, b): return 1\n", "pair.py"))


def test_a_registered_function_is_called_as_its_scope_asks(file):
    graph = benched.designed()[0][1]
    text = """from topograph.metrics import metric

@metric("layer")
def own_edges(layer):
    return layer.n_edges

def helping(x): return x
"""
    assert read_metric(file(text))(graph) == graph.n_edges / 2
    both = text.replace('"layer"', '"both"').replace("(layer)", "(graph, layer=None)")
    found = read_metric(file(both.replace("layer.n_edges", "graph.n_edges"), "both.py"))
    assert found(graph) == graph.n_edges


def test_a_changed_file_is_read_again(file):
    graph = benched.designed()[0][1]
    assert read_metric(file("def mine(graph): return 1\n"))(graph) == 1
    assert read_metric(file("def mine(graph): return 2\n"))(graph) == 2


def test_a_file_that_does_not_run_is_named(file, tmp_path):
    with pytest.raises(ReadError, match=r"mine\.py: The file must be Python that runs.*SyntaxErr"):
        read_metric(file("def mine(graph) return 1\n"))
    with pytest.raises(ReadError, match=r"gone\.py"):
        read_metric(tmp_path / "gone.py")


def test_what_a_metric_returns_must_be_a_number():
    assert (number_of(Fraction(1, 2)), number_of(True)) == (0.5, 1.0)
    for nothing in (math.nan, math.inf):
        with pytest.raises(Undefined, match="returned"):
            number_of(nothing)
    for wrong in (None, "0.5", [1, 2]):
        with pytest.raises(ParameterError, match="a number"):
            number_of(wrong)
    with pytest.raises(ParameterError, match="below 1e308"):
        number_of(10**400)
