"""Tables that a restore holds: nothing is written to them until they are released.

The hold is a Delta transaction in the restore's own commit, so that it begins with the restored
rows. Its version is the time in seconds since 1970; a release sets it to a version that says no.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from deltalake import DeltaTable, Transaction

from flows.config.errors import TableError, table_name


class HeldError(TableError):
    """A table is held since it was restored; names the table and says how to release it."""


class Released(NamedTuple):
    """What a release did."""

    table: str
    since: datetime | None
    """Since when the table was held; nothing, if it was not."""
    version: int


def held_since(handle: DeltaTable) -> datetime | None:
    """Return since when the handle's version holds its table; nothing, if it does not (UTC)."""
    seconds = handle.transaction_version(_HELD)
    return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, UTC)


def hold_transaction(now: datetime) -> Transaction:
    """Return the transaction that holds a table from a time on."""
    return Transaction(_HELD, int(now.timestamp()))


def release_transaction() -> Transaction:
    """Return the transaction that releases a table."""
    return Transaction(_HELD, _RELEASED)


def hold_message(table: str, since: datetime) -> str:
    """Say in a line that a table is held, and how to release it."""
    return (
        f"{table}: held since {since:%Y-%m-%d %H:%M} UTC, when it was restored; "
        f"`keystone release {table}` lets it be refreshed again"
    )


def check_released(handle: DeltaTable) -> None:
    """Make sure that a table is not held.

    Raises:
        HeldError: it is.
    """
    if since := held_since(handle):
        raise HeldError(hold_message(table_name(handle.table_uri), since))


_HELD = "held"
_RELEASED = -1
