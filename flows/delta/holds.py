"""Holds: after a restore, nothing is written to a table until it is released.

A hold is a Delta transaction in the commit of the restore, so that it begins with the restored
rows. Its version is the time in seconds since 1970; a release sets it to -1.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from deltalake import DeltaTable, Transaction

from flows.config.errors import TableError, table_name


class HeldError(TableError):
    """A restore holds the table; names it and says how to release it."""


class Released(NamedTuple):
    """The result of a release."""

    table: str
    since: datetime | None
    """When the hold began (UTC); None if the table was not held."""
    version: int


def held_since(handle: DeltaTable) -> datetime | None:
    """Return when the hold on the handle's version began (UTC), or None if there is none."""
    seconds = handle.transaction_version(_HELD)
    return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, UTC)


def hold_transaction(now: datetime) -> Transaction:
    """Return the transaction that holds a table from a time on."""
    return Transaction(_HELD, int(now.timestamp()))


def release_transaction() -> Transaction:
    """Return the transaction that releases a table."""
    return Transaction(_HELD, _RELEASED)


def hold_message(table: str, since: datetime) -> str:
    """Return a line that says that a table is held, and how to release it."""
    return (
        f"{table}: held since {since:%Y-%m-%d %H:%M} UTC, when it was restored; "
        f"`keystone release {table}` allows refreshes again"
    )


def check_released(handle: DeltaTable) -> None:
    """Check that a table is not held.

    Raises:
        HeldError: it is.
    """
    if since := held_since(handle):
        raise HeldError(hold_message(table_name(handle.table_uri), since))


_HELD = "held"
_RELEASED = -1
