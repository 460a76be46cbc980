"""The errors topograph raises: what was expected, what came, then a hint how to mend it."""

from __future__ import annotations

from typing import Self


class TopographError(Exception):
    """Base of all errors that topograph raises on purpose.

    Parameters
    ----------
    message : str
        What was expected and what came, in one sentence.
    hint : str, optional
        What to do about it; shown after "Hint:".
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} Hint: {self.hint}"

    def within(self, place: str) -> Self:
        """Return the same error with the place it happened in said first."""
        return type(self)(f"{place}: {self.message}", hint=self.hint)


class GraphError(TopographError, ValueError):
    """The layers given do not form a layered graph."""

    @classmethod
    def wrong_shape(
        cls, layer: str, expected: tuple[int, int], got: tuple[int, int], hint: str
    ) -> GraphError:
        """Layer ``layer`` was to have shape ``expected`` and has shape ``got``."""
        return cls(
            f"Layer {layer!r} must have shape {expected[0]} x {expected[1]} (n_in x n_out) "
            f"to join its levels, but it is {got[0]} x {got[1]}.",
            hint=hint,
        )


class ReadError(TopographError):
    """A file is missing, cannot be read, or does not hold a mask."""


class ParameterError(TopographError, ValueError):
    """An argument is outside what it may be."""

    @classmethod
    def expected(cls, name: str, expected: str, got: object, hint: str | None = None) -> Self:
        """Argument ``name`` was to be ``expected`` and is ``got``."""
        return cls(f"{name} must be {expected}, but it is {got!r}.", hint=hint)


class MissingExtraError(TopographError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    @classmethod
    def of(cls, package: str, extra: str) -> Self:
        """Package ``package``, which the extra ``extra`` brings, is not installed."""
        return cls(
            f"This needs the package {package}, which is not installed.",
            hint=f"pip install 'topograph[{extra}]'",
        )


class Undefined(TopographError):  # noqa: N818  an answer with a reason, rather than an error
    """The quantity has no value on this graph; the message is the reason."""
