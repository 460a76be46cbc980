"""Intermediate results kept for as long as the frozen object they belong to lives."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Subject = TypeVar("Subject")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


def shared(
    function: Callable[Concatenate[Subject, Rest], Result],
) -> Callable[Concatenate[Subject, Rest], Result]:
    """Compute once for each (subject, arguments); forget when the subject is collected.

    The subject, a graph or a layer, hashes by identity and never changes, so that
    several metrics can share one sweep or one spectrum. The result must not refer
    to the subject, or it would keep it alive.
    """
    kept: weakref.WeakKeyDictionary[Any, dict[Any, Result]] = weakref.WeakKeyDictionary()

    @functools.wraps(function)
    def once(subject: Subject, *args: Rest.args, **kwargs: Rest.kwargs) -> Result:
        results = kept.setdefault(subject, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in results:
            results[key] = function(subject, *args, **kwargs)
        return results[key]

    return cast("Callable[Concatenate[Subject, Rest], Result]", once)
