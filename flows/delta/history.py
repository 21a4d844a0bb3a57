"""What happened to a table, version by version."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flows import delta
from flows.delta.commit_log import UPKEEP
from flows.delta.holds import held_since
from flows.delta.status import named


class Version(NamedTuple):
    """One version of a table, as its log tells it."""

    version: int
    at: datetime
    """UTC."""
    done: str
    """What was done, in words."""


def history(lake: str, table: str) -> list[Version]:
    """Return the versions of a table that its log still knows, the newest first.

    Raises:
        NoLakeError: the lake has no tables.
        UnknownTableError: it has no such table; names those that it has.
    """
    handle = delta.open_existing(lake, named(lake, table))
    return [
        Version(
            entry["version"],
            datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
            _done(entry),
        )
        for entry in handle.history()
    ]


def held(lake: str, table: str) -> datetime | None:
    """Return since when a restore holds a table, if one does (UTC); raises as `history`."""
    return held_since(delta.open_existing(lake, named(lake, table)))


def _done(entry: dict[str, Any]) -> str:
    if delta.METADATA not in entry:
        return str(entry.get(UPKEEP, entry["operation"].lower()))
    figures = json.loads(entry[delta.METADATA]).items()
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in figures
        if isinstance(value, int | str) and name != "sha256"
    )
