"""The table of incidents: the broken promises that checks have found, and the alarms about them.

It has no contract, and no table is computed from it. Only a check that sends alarms writes it.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import NamedTuple

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError

from flows.delta.handles import location, open_if_exists
from flows.delta.read import scan
from flows.delta.table import open_or_create
from flows.delta.write import replace

INCIDENTS = "monitoring.incidents"
"""The name of the table."""

BROKEN, RESOLVED = "broken", "resolved"


class Incident(NamedTuple):
    """A broken promise, until a check finds it kept again."""

    promise: str
    cause: str
    """The table where the cause is."""
    rule: str
    """Empty if the promise is not about one rule."""
    problem: str
    """What was wrong when it was found, in words."""
    since: datetime
    resolved_at: datetime | None = None
    """The time of the check that found the promise kept again."""
    sent: str | None = None
    """The last alarm about it: `broken`, then `resolved`."""
    sent_at: datetime | None = None
    claim: str | None = None
    """The id of the check that is sending an alarm about it."""
    claimed_at: datetime | None = None

    @property
    def state(self) -> str:
        """Whether the promise is still broken."""
        return RESOLVED if self.resolved_at else BROKEN


_TIME = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    {name: _TIME if name.endswith(("since", "_at")) else pl.String() for name in Incident._fields}
)


def incidents(lake: str) -> list[Incident]:
    """Return the incidents, oldest first; none if the table does not exist."""
    handle = open_if_exists(lake, INCIDENTS)
    return _rows(handle) if handle else []


def change_incidents(
    lake: str, change: Callable[[list[Incident]], list[Incident]]
) -> list[Incident]:
    """Replace the incidents by changed ones, and return these.

    If another writer commits first, change what that one has written. If nothing changes, write
    nothing, and do not create the table.

    Raises:
        deltalake.exceptions.CommitFailedError: other writers committed first, again and again.
    """
    for attempt in count(1):
        if not (handle := open_if_exists(lake, INCIDENTS)):
            if not change([]):
                return []
            description = "Broken promises, and the alarms about them."
            uri, schema = location(lake, INCIDENTS), Schema.from_arrow(SCHEMA)
            handle = open_or_create(uri, schema, description=description)
        known = _rows(handle)
        if (changed := change(known)) == known:
            break
        try:
            replace(handle, pl.DataFrame(changed, SCHEMA, orient="row"), CommitProperties())
            break
        except CommitFailedError:
            if attempt == _ATTEMPTS:
                raise
    return changed


def _rows(handle: DeltaTable) -> list[Incident]:
    return [
        Incident(*row) for row in scan(handle).collect().sort("since", maintain_order=True).rows()
    ]


_ATTEMPTS = 10
