"""The outcome of a run for one table, in metrics."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The metrics of one table in one run.

    For a silver table that is refreshed from source records: read = accepted + superseded +
    deleted + quarantined, counted in this run; `broken_rules` and `warnings` describe the whole
    table and its quarantine afterwards. A derived table only has rows.
    """

    table: str
    version: int
    rows: int
    """Number of rows of the table after the run."""
    changed: bool
    written: int = 0
    """Number of rows that were added or replaced."""
    full_refresh_reason: str = ""
    """Why all rows were computed again; empty if they were not."""
    read: int | None = None
    accepted: int | None = None
    superseded: int | None = None
    deleted: int | None = None
    quarantined: int | None = None
    erased: int = 0
    """Bronze only: the number of records read from which an erased person was removed."""
    quarantine: str = ""
    """The quarantine table of the table's source."""
    in_quarantine: int = 0
    """Number of records in quarantine after the run."""
    broken_rules: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    """Bronze only: the files that cannot be ingested, each with its reason."""
    deferred: tuple[str, ...] = ()
    """Bronze only: the files that are left for the next run, each with its reason."""
    removed_sources: tuple[str, ...] = ()
    """Bronze only: the files and topic partitions whose records a restore removed."""
    held_since: str = ""
    """When the hold on the table began, as ISO time (UTC); empty if it is not held."""
    seconds: float = 0.0

    def summary(self) -> str:
        """Return the line of the log."""
        doing = "is now at" if self.changed else "stays at"
        return f"{self.table} {doing} version {self.version} with {self.rows:,} rows"

    def metrics(self) -> dict[str, Any]:
        """Return the metrics as plain values, for JSON."""
        return asdict(self)
