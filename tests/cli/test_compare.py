from __future__ import annotations

import json


def test_masks_are_compared_to_the_first(run, radix, bridge):
    outcome = run("compare", radix, bridge, "--metric", "edge_count")
    assert outcome.code == 0
    assert "edge_count" in outcome.out
    assert "radix.npz" in outcome.out


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
