"""The figures that the commits of a table carry."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

from deltalake import DeltaTable

from flows.delta import METADATA


class Commit(NamedTuple):
    """One of our commits: its version, when it was made, and its figures in rows."""

    version: int
    at: datetime
    figures: dict[str, int]


def history(handle: DeltaTable, limit: int = 50) -> list[Commit]:
    """Return the latest commits that carry figures, newest first, as far as the log tells."""
    return [
        Commit(
            entry["version"],
            datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
            {k: v for k, v in json.loads(entry[METADATA]).items() if isinstance(v, int)},
        )
        for entry in handle.history(limit)
        if METADATA in entry
    ]
