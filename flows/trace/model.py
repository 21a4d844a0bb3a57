"""The parts of a trace: tables, the rows that were read of each, and their records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

Key = Mapping[str, Any]
"""The values of some columns of a table, without personal data."""


@dataclass(frozen=True)
class Record:
    """A record of bronze, and what happened to it."""

    table: str
    """The bronze table."""
    source: str
    """The file or the partition that it came from, as bronze has it in `_source`."""
    position: int | None
    """Its number in the file, from 1, or its offset."""
    state: str
    """`accepted`, `superseded`, `deleted` or `quarantined`."""
    is_decisive: bool | None
    """Whether the traced row would be different, or missing, without this record alone; None if
    that was not tested."""
    broken_rules: tuple[str, ...]
    """Why it is in quarantine."""
    operation: str | None
    event_time: datetime | None
    ingested_at: datetime | None
    archived: str | None = None
    """The location of its file in the archive, if it is there."""
    line: int | None = None
    """The line of that file on which it begins, if the archive is a folder."""


@dataclass(frozen=True)
class Row:
    """A row of silver, or a key without one, and all records of its key, the latest first."""

    key: Key
    version: int | None
    """The version of the table that last changed the row; None if there is no row."""
    records: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The rows of a table on which the traced row depends."""

    table: str
    version: int
    """The version of the table that was read: the one that the reading table has consumed."""
    where: tuple[Key, ...]
    """The values by which the rows were chosen; none if all rows were read."""
    columns: tuple[str, ...]
    """The columns that matter."""
    count: int
    sums: Mapping[str, Decimal]
    """The sums of the amounts among the columns."""
    rows: tuple[Row, ...]
    """The rows with their records, or the first ones if they are too many to follow."""
    is_followed: bool
    """Whether the trace goes on to the inputs or records of these rows."""
    compared: tuple[str, ...]
    """The columns of these rows that also depend on other rows of the inputs, such as a rank."""
    inputs: tuple["Rows", ...]

    def tree(self) -> Iterator["Rows"]:
        """Yield this and everything below it."""
        yield self
        for each in self.inputs:
            yield from each.tree()


@dataclass(frozen=True)
class Reason:
    """Why a table lacks a row."""

    table: str
    key: Key
    state: str
    """`quarantined`, `superseded` or `deleted`, the state of its latest record; `waiting` for a row
    of another table; `not refreshed`; `erased`; `perhaps erased`, if the key of the erasures is not
    known; or `unknown`."""
    records: tuple[Record, ...] = ()
    """The records of the key, the latest first."""
    because: str = ""
    """The table that has the row already, or lacks it; the request that erased it."""


class NoRowError(Exception):
    """No row of a table has the key; says why."""

    def __init__(self, reasons: Sequence[Reason], failures: Sequence[str]) -> None:
        """Keep the reasons, that of the table first, and a line of text for each."""
        super().__init__("; ".join(failures))
        self.reasons, self.failures = tuple(reasons), list(failures)
