"""The monitor on runs of SET and RigL."""

from __future__ import annotations

import pytest

import topograph
from topograph.metrics import dead_hidden, dead_outputs, effective_density
from topograph.monitoring import monitor
from topograph.pruning import rewiring, train_rigl, train_set
from topograph.training import MODERN, apply_masks, build_model, fit

EVERY = 5


def watched(train, data, monkeypatch, **options):
    """Train with a monitor; return it, what the method recorded, and copies of the masks."""
    seen, made = [], []

    def fit_watched(module, *args, masks, on_step, **rest):
        apply_masks(module, masks)
        watch = monitor(module, EVERY, masks=masks)
        seen.append({name: mask.clone() for name, mask in masks.items()})
        made.append(watch)

        def both(training):
            on_step(training)
            if watch.step():
                seen.append({name: mask.clone() for name, mask in masks.items()})

        return fit(module, *args, masks=masks, on_step=both, **rest)

    monkeypatch.setattr(rewiring, "fit", fit_watched)
    module = build_model("lenet-300-100", (1, 8, 8), seed=0, widths=(40, 20))
    pruned = train(module, data, MODERN, 0.9, n_steps=32, every=10, **options)
    return made[0], pruned, seen


def changed(one, other):
    return sum(int((one[name] ^ other[name]).sum()) for name in one)


@pytest.mark.parametrize("train", [train_set, train_rigl], ids=["set", "rigl"])
def test_dynamic_sparse_training_is_followed(train, digits, monkeypatch):
    watch, pruned, seen = watched(train, digits, monkeypatch)
    records = watch.records
    size = sum(mask.numel() for mask in pruned.masks.values())
    assert [record.step for record in records] == [0, 5, 10, 15, 20, 25, 30]
    ever = {name: mask.clone() for name, mask in seen[0].items()}
    for number, record in enumerate(records):
        now = seen[number]
        ever = {name: ever[name] | mask for name, mask in now.items()}
        assert record.churn * size == pytest.approx(changed(now, seen[max(number - 1, 0)]))
        assert record.churn_from_start * size == pytest.approx(changed(now, seen[0]))
        kept = sum(int(mask.sum()) for mask in ever.values())
        assert record.ever_active * size == pytest.approx(kept)
        assert record.density == records[0].density  # neither method changes it
        for layer in record.layers:
            assert layer.grown == layer.dropped
        assert not record.alarms
    rewired = {event["step"] for event in pruned.history}
    assert {record.step for record in records if record.churn} <= rewired
    assert any(record.churn for record in records)
    for event in pruned.history:
        record = next(record for record in records if record.step == event["step"])
        for layer in record.layers:
            assert layer.grown <= event["rewired"][f"{layer.name}.weight"]
    assert {f"{layer.name}.weight": layer.kept for layer in records[-1].layers} == pruned.kept


def test_effective_density_and_dead_units_are_those_of_the_graph(digits, monkeypatch):
    watch, _, seen = watched(train_set, digits, monkeypatch)
    for record, masks in zip(watch.records, seen, strict=True):
        graph = topograph.from_layers(
            {name.removesuffix(".weight"): mask.T.numpy() for name, mask in masks.items()}
        )
        assert record.effective_density == pytest.approx(effective_density(graph))
        assert record.dead_units == dead_hidden(graph)
        assert record.dead_outputs == dead_outputs(graph)
        assert not record.skipped


def test_fan_in_drift_is_the_distance_of_distributions(digits, monkeypatch):
    from scipy.stats import wasserstein_distance

    watch, _, seen = watched(train_rigl, digits, monkeypatch)
    for record, masks in zip(watch.records, seen, strict=True):
        for layer in record.layers:
            name = f"{layer.name}.weight"
            fans = [one[name].sum(1).numpy() for one in (masks, seen[0])]
            assert layer.fan_in_drift == pytest.approx(wasserstein_distance(*fans), abs=1e-6)
    assert watch.records[-1].fan_in_drift > 0
