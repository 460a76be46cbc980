"""What examples/second_look.py says of factors and repair is what was planted."""

from __future__ import annotations

from tests.examples.document_sections import line, section
from tests.examples.planted_runs import DEAD, DECAY, LOGITS, START, factorial, planted_factorial


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
