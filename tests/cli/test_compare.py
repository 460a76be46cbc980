from __future__ import annotations

import csv
import json

import topograph


def test_masks_are_compared_to_the_first(run, radix, bridge):
    """6 units of radix 2 and of radix 3, times 2 x 3 and 3 x 1; 2 + 4 weights other than 0."""
    outcome = run("compare", radix, bridge, "--metric", "edge_count", "--format", "csv")
    assert outcome.code == 0
    first, second = csv.DictReader(outcome.out.splitlines())
    assert (first["source"], first["value"]) == (str(radix), str(6 * 2 * 6 + 6 * 3 * 3))
    assert (second["source"], second["value"]) == (str(bridge), "6")
    assert (second["difference"], float(second["ratio"])) == ("-120", 6 / 126)
    table = run("compare", radix, bridge, "--metric", "edge_count").out
    assert table.split()[:3] == ["A", str(radix), "12"]
    assert "-120" in table


def test_formats_follow_the_output(run, radix, bridge, tmp_path):
    target = tmp_path / "comparison.json"
    run("compare", radix, bridge, "--per-layer", "-o", target)
    found = json.loads(target.read_text())
    assert {row["layer"] for row in found["rows"]} == {None, 1, 2}
    assert run("compare", radix, bridge, "--format", "csv").out.startswith("metric,layer,source")
    assert run("compare", radix, bridge, "--format", "markdown").out.startswith("# Comparison")


def test_one_mask_or_an_unknown_metric_is_2_and_a_missing_one_is_1(run, radix):
    assert run("compare", radix).code == 2
    assert run("compare", radix, radix, "--metric", "nothing").code == 2
    assert run("compare", radix, "none.npz").code == 1


def test_a_quoted_pattern_is_every_file_it_matches_in_the_order_of_numbers(run, bridge, tmp_path):
    for number in (10, 9, 1):
        (tmp_path / f"net{number}.npz").write_bytes(bridge.read_bytes())
    outcome = run("compare", tmp_path / "net*.npz", "--metric", "density", "--format", "csv")
    names = [row["source"] for row in csv.DictReader(outcome.out.splitlines())]
    assert names[:3] == [str(tmp_path / f"net{number}.npz") for number in (1, 9, 10)]
    outcome = run("compare", tmp_path / "none*.npz", bridge)
    assert outcome.code == 2
    assert "No file matches" in outcome.err


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(run, bridge, tmp_path):
    odd = tmp_path / "net[1].npz"
    odd.write_bytes(bridge.read_bytes())
    assert run("compare", odd, bridge, "--metric", "density").code == 0


def test_generated_nets_are_masks_too(run, bridge):
    outcome = run(
        "compare",
        "generate:radix --systems [[2,3]]",
        bridge,
        "--metric",
        "edge_count",
        "--format",
        "csv",
    )
    assert outcome.code == 0
    assert next(csv.DictReader(outcome.out.splitlines()))["value"] == "30"


def test_the_baseline_is_chosen_by_name_or_number(run, radix, bridge):
    for name in ("bridge", "2", bridge):
        outcome = run(
            "compare",
            radix,
            bridge,
            "--baseline",
            name,
            "--metric",
            "edge_count",
            "--format",
            "csv",
        )
        first, _ = csv.DictReader(outcome.out.splitlines())
        assert first["difference"] == "120"
    outcome = run("compare", radix, bridge, "--baseline", "3")
    assert outcome.code == 2
    assert "from 1 to 2" in outcome.err


def test_distances_are_added_on_request(run, radix, bridge, tmp_path):
    twin = tmp_path / "twin.npz"
    net = topograph.read(radix)
    topograph.write(topograph.generators.isomorphic_twin(net, seed=1, levels=[1]), twin)
    outcome = run("compare", radix, twin, bridge, "--distance", "--metric", "density")
    assert outcome.code == 0
    assert "A  1         -" not in outcome.out
    found = json.loads(run("compare", radix, twin, "--distance", "--format", "json").out)
    values = {row["measure"]: row["value"] for row in found["distances"]}
    assert values["matched_distance"] == 0.0
    assert 0 < values["edge_overlap"] < 1
