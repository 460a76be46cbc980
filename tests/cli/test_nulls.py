"""`--null`, wherever masks are measured."""

import csv
import json

import numpy as np
import pytest

import topograph


def test_a_mask_stands_beside_its_null_nets(run, radix):
    how = ("--metric", "path_count_cv,edge_count", "--null", "degree", "--jobs", 1)
    outcome = run("analyze", radix, *how, "--samples", 19, "--seed", 4)
    assert outcome.code == 0
    assert "Against 19 nets of the same degrees" in outcome.out
    found = json.loads(run("analyze", radix, *how, "--samples", 19, "--format", "json").out)
    graph = topograph.read(radix)
    own = topograph.null_ensemble(
        graph, "degree", 19, 0, metrics=["path_count_cv", "edge_count"], jobs=1
    )
    assert found["null"] == own.as_dict()
    assert json.loads(run("analyze", radix, *how, "--format", "json").out)["null"]["samples"] == 100


def test_jobs_change_nothing(run, radix):
    pytest.importorskip("joblib")
    how = ("--null", "relabel", "--samples", 4, "--format", "json")
    one, two = (run("analyze", radix, *how, "--jobs", jobs).out for jobs in (1, 2))
    assert one == two


def test_each_mask_of_a_comparison_has_its_own(run, radix, bridge):
    how = ("--metric", "live_units", "--null", "density", "--samples", 5, "--jobs", 1)
    rows = list(
        csv.DictReader(run("compare", radix, bridge, *how, "--format", "csv").out.splitlines())
    )
    assert [row["null_samples"] for row in rows] == ["5", "5"]
    lines = run("analyze", radix, bridge, "--each", *how, "--format", "csv").out.splitlines()
    assert lines[0] == "source,widths,live_units,live_units.z,live_units.p"


def test_null_nets_are_asked_for_by_null(run, radix):
    for option in ("--samples", "--jobs"):
        outcome = run("analyze", radix, option, 3)
        assert outcome.code == 2
        assert "--null" in outcome.err
    assert run("analyze", radix, "--null", "edges").code == 2
    assert run("compare", radix, radix, "--null", "degree", "--samples", 0).code == 2


def test_a_twin_of_the_same_layers(run, radix, tmp_path):
    target = tmp_path / "twin.npz"
    assert run("twin", radix, "--keep", "layers", "--seed", 2, "-o", target).code == 0
    net, twin = topograph.read(radix), topograph.read(target)
    made = topograph.generators.layer_preserving_twin(net, 2)
    assert np.array_equal(
        twin.layers[1].biadjacency.to_csr().toarray(), made.layers[1].biadjacency.to_csr().toarray()
    )
