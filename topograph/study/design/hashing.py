"""A name for what was said: the hash of a record as plain values."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any


def hashed(content: object) -> str:
    """Return the SHA-256 of anything that JSON can say, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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
