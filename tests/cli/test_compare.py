from __future__ import annotations

import csv
import json


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
