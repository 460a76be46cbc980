"""How generated graphs say what made them."""

import importlib.metadata
import json

import pytest

from topograph.generators import append_dense, fit_widths, radix_net
from topograph.version import topograph_version


@pytest.fixture(autouse=True)
def _fresh():
    topograph_version.cache_clear()
    yield
    topograph_version.cache_clear()


def test_version_is_that_of_the_installed_package(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{name} 9.9")
    assert radix_net([[2, 2]]).provenance["version"] == "topograph 9.9"


def test_version_of_a_bare_source_tree_is_unknown(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert topograph_version() == "unknown"


def test_provenance_nests_and_is_json():
    net = append_dense(fit_widths(radix_net([[2, 2]], [2, 1, 1]), [7, 4, 4]), 3)
    said = json.loads(json.dumps(dict(net.provenance)))
    assert said["operation"] == "append_dense"
    assert said["of"]["operation"] == "fit_widths"
    assert said["of"]["of"]["family"] == "radix"
