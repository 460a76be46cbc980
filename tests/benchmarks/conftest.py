"""Benchmarks are programs: pytest need not load them to look for tests."""

from __future__ import annotations

collect_ignore_glob = ["*.py"]
