"""What was said in a record, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


def without_defaults(record: Any) -> Any:
    """Return a record as plain values, without the fields that have their defaults."""
    if isinstance(record, tuple):
        return [without_defaults(one) for one in record]
    if isinstance(record, Mapping):
        return {key: without_defaults(value) for key, value in record.items()}
    if not dataclasses.is_dataclass(record):
        return record
    found = {}
    for one in dataclasses.fields(record):
        default = one.default
        if one.default_factory is not dataclasses.MISSING:
            default = one.default_factory()
        value = getattr(record, one.name)
        if default is dataclasses.MISSING or value != default:
            found[one.name] = without_defaults(value)
    return found
