"""What a run reports of a table if it has no step for it."""

from typing import NamedTuple


class WrittenTable(NamedTuple):
    """A table that a run has written."""

    table: str
    version: int
    """Its version after the run."""
    rows: int
    """How many rows were written."""
