"""What happened to a table in a run, in metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The metrics of one table in one run; rows and seconds.

    For a silver table that is made of records: read = accepted + superseded + quarantined, all of
    this run; `broken_rules` and `warnings` count what stands there after it. A table that is made
    of other tables has rows only.
    """

    table: str
    version: int
    rows: int
    changed: bool
    written: int = 0
    """How many rows were put or added."""
    full_refresh_reason: str = ""
    """Why all rows were computed again, if they were."""
    read: int | None = None
    accepted: int | None = None
    superseded: int | None = None
    quarantined: int | None = None
    quarantine: str = ""
    """The table where the broken records of the table's source wait."""
    in_quarantine: int = 0
    """How many wait there, from this run or before."""
    broken_rules: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    """For a bronze table: the files that could not be taken, each with its reason."""
    waiting: tuple[str, ...] = ()
    """For a bronze table: the files that stay for the next run, each with its reason."""
    gone: tuple[str, ...] = ()
    """For a bronze table that was put back: the files and partitions whose records went."""
    held: str = ""
    """Since when a restore holds the table, as ISO time (UTC); nothing, if none does."""
    seconds: float = 0.0

    def summary(self) -> str:
        """Return the line of the log."""
        doing = "is now at" if self.changed else "stays at"
        return f"{self.table} {doing} version {self.version} with {self.rows:,} rows"

    def metrics(self) -> dict[str, Any]:
        """Return the metrics as plain values, for JSON."""
        return asdict(self)


class RunFailedError(Exception):
    """Something in a run failed; the rest has been done."""

    def __init__(
        self,
        failures: Sequence[str],
        outcomes: Sequence[Outcome],
        undone: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the reasons, a line each, what was done nevertheless, and by table why not."""
        super().__init__("; ".join(failures))
        self.failures, self.outcomes, self.undone = list(failures), list(outcomes), undone or {}
