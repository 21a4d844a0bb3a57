"""The figures of a table: those of the newest of its commits that changed rows.

Upkeep comes after it and changes none. It carries the figures on, for the log may forget that
commit.
"""

import json
from typing import Any

from deltalake import CommitProperties, DeltaTable

from flows.delta import METADATA

UPKEEP = "upkeep"
"""The key of what was done for a table, in words, where its rows stay as they are."""


def last_figures(handle: DeltaTable, through: int | None = None) -> dict[str, Any]:
    """Return the figures that the newest of our commits carries; nothing if there is none yet.

    Of an earlier version ask a handle on the newest: `history` always begins at the log's end,
    and counts down from the handle's version.
    """
    last = handle.version() if through is None else through
    for limit in (1, None):  # the newest commit is ours, unless somebody tidied up
        for entry in handle.history(limit):
            told = entry.get(METADATA) or entry.get(_AS_BEFORE)
            if told and entry["version"] <= last:
                return dict(json.loads(told))
    return {}


def keeping_up(handle: DeltaTable, done: str) -> CommitProperties:
    """Return what a commit carries that changes no row: what it did, and the figures as before."""
    figures = json.dumps(last_figures(handle))
    return CommitProperties(custom_metadata={UPKEEP: done, _AS_BEFORE: figures})


_AS_BEFORE = "keystone.before"
