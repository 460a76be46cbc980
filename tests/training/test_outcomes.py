from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.training.outcomes import Outcome, rises

CURVES = {
    "loss": (),
    "train_loss": (),
    "silent_units": (),
    "gradient_norms": (),
    "effective_edges": (),
    "test_loss": None,
    "classes_never_predicted": (),
    "spikes": 0,
    "largest_rise": 0.0,
    "n_classes": 10,
    "n_steps": 7,
}


def outcome(accuracy=(), test_accuracy=None, diverged_step=None):
    return Outcome(
        accuracy=accuracy, test_accuracy=test_accuracy, diverged_step=diverged_step, **CURVES
    )


def test_values_that_follow_from_the_curve():
    found = outcome((0.4, 0.9, 0.8, 0.95), 0.8)
    assert (found.final_accuracy, found.best_accuracy) == (0.95, 0.95)
    assert [found.epochs_to(value) for value in (0.4, 0.5, 0.95, 0.96)] == [1, 2, 4, None]
    assert outcome((0.9, 0.4)).best_accuracy == 0.9
    row = found.row()
    reached = {"0.5": 2, "0.8": 2, "0.9": 2, "0.95": 4, "0.97": None, "0.98": None}
    assert row["epochs_to"] == reached
    assert not row["untrained"]
    assert not row["diverged"]


@pytest.mark.parametrize(
    ("accuracy", "is_untrained"), [(None, True), (0.1, True), (0.1999, True), (0.2, False)]
)
def test_untrained_is_below_twice_chance(accuracy, is_untrained):
    assert outcome(test_accuracy=accuracy).is_untrained == is_untrained


@pytest.mark.parametrize(("accuracy", "is_untrained"), [(0.74, True), (0.76, False)])
def test_of_two_classes_twice_chance_would_be_all(accuracy, is_untrained):
    found = dataclasses.replace(outcome(test_accuracy=accuracy), n_classes=2)
    assert found.is_untrained == is_untrained


def test_a_net_that_diverged_at_once_has_no_curve():
    found = outcome(diverged_step=0)
    assert found.is_diverged
    assert found.final_accuracy is None
    assert found.best_accuracy is None
    assert found.row()["untrained"]
    assert found.row()["diverged"]


@given(st.lists(st.floats(0, 5), max_size=40), st.integers(1, 7))
def test_rises_are_those_of_windows_above_all_before(losses, window):
    means = []
    for start in range(0, len(losses), window):
        part = losses[start : start + window]
        if len(part) * 2 >= window:
            means.append(sum(part) / len(part))
    each = [means[index] - min(means[:index]) for index in range(1, len(means))]
    count, largest = rises(losses, window)
    assert count == sum(rise > 0.5 for rise in each)
    assert largest == pytest.approx(max([0.0, *each]))


def test_a_window_is_of_fifty_steps():
    """Eight steps at 5 among 42 at 2 are no spike; of what is left over, half a window counts."""
    calm = [2.0] * 50
    assert rises(calm + [2.6] * 50) == (1, pytest.approx(0.6))
    assert rises(calm + [5.0] * 8 + [2.0] * 42) == (0, pytest.approx(0.48))
    assert rises(calm + [9.0] * 24) == (0, 0.0)
    assert rises(calm + [9.0] * 25) == (1, 7.0)
