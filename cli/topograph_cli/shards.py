"""Parts of a job: `--shard I/N`."""

from __future__ import annotations

import click


def chosen_shard(text: str) -> tuple[int, int]:
    """Return the part and the number of parts."""
    try:
        part, parts = map(int, text.split("/"))
    except ValueError:
        raise click.UsageError(f"--shard {text}: say I/N, such as 2/8.") from None
    return part, parts
