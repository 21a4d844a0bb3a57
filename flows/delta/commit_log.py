"""The commits of a table: when, what was done, and the metrics of the run.

A maintenance commit changes no row. It repeats the metrics of the commit before it, because the
log may be cleaned up to there.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from deltalake import CommitProperties, DeltaTable, Transaction

from flows.delta.provenance import Provenance, read_provenance
from flows.delta.transactions import marker

METADATA = "keystone"
"""The key of the metrics, as JSON, in the metadata of a commit."""

_REPEATED = "keystone.before"
_MAINTENANCE = "upkeep"


_DETAILS = {"sha256", "newest"}
"""The metrics of a commit that its line of text leaves out."""

COLUMNS = ("version", "time (UTC)", "seconds", "command", "code", "changes")
"""The columns of the history of a table."""


class CommitInfo(NamedTuple):
    """One commit of a table."""

    version: int
    at: datetime
    """UTC."""
    operation: str
    """What a commit without metrics of its own did, in words."""
    metrics: dict[str, Any]
    """The metrics of the run that made the commit; empty if there are none."""
    by: Provenance = Provenance()
    """What made the commit."""

    @property
    def counts(self) -> dict[str, int]:
        """The metrics that are integers."""
        return {name: value for name, value in self.metrics.items() if isinstance(value, int)}

    @property
    def changes(self) -> str:
        """What the commit changed, in a line of text."""
        metrics = (
            f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
            for name, value in self.metrics.items()
            if isinstance(value, int | str) and name not in _DETAILS
        )
        return ", ".join(metrics) or self.operation

    def cells(self) -> list[str]:
        """Return the values of `COLUMNS` as text; unknown ones are empty."""
        return [
            str(self.version),
            f"{self.at:%Y-%m-%d %H:%M:%S}",
            "" if self.by.seconds is None else f"{self.by.seconds:.2f}",
            self.by.command,
            self.by.code,
            self.changes,
        ]


def commits(handle: DeltaTable, limit: int | None = None) -> Iterator[CommitInfo]:
    """Yield the commits that are still in the log, newest first."""
    for entry in handle.history(limit):
        yield CommitInfo(
            entry["version"],
            datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
            str(entry.get(_MAINTENANCE, entry["operation"].lower())),
            json.loads(entry.get(METADATA, "{}")),
            read_provenance(entry),
        )


def run_commits(handle: DeltaTable, limit: int | None = 50) -> list[CommitInfo]:
    """Return those of the newest commits that carry the metrics of a run, newest first."""
    return [commit for commit in commits(handle, limit) if commit.metrics]


def last_metrics(handle: DeltaTable, through: int | None = None) -> dict[str, Any]:
    """Return the metrics of the newest commit that has some; empty if there is no such commit.

    Args:
        handle: on the newest version, because `DeltaTable.history` always begins there.
        through: ignore later versions.
    """
    last = handle.version() if through is None else through
    for limit in (1, None):  # the newest commit has them, unless another program wrote it
        for entry in handle.history(limit):
            metrics = entry.get(METADATA) or entry.get(_REPEATED)
            if metrics and entry["version"] <= last:
                return dict(json.loads(metrics))
    return {}


def since(handle: DeltaTable, is_so: Callable[[dict[str, Any]], bool]) -> datetime:
    """Return the time (UTC) since when the metrics of all runs meet a condition, like the last."""
    first = None
    for commit in commits(handle):
        if commit.metrics and not is_so(commit.metrics):
            break
        if commit.metrics or first is None:
            first = commit.at
    return first or datetime.now(UTC)


def commit_properties(consumed: Mapping[str, int], metrics: Mapping[str, Any]) -> CommitProperties:
    """Return commit properties with a watermark and metrics."""
    return CommitProperties(
        custom_metadata={METADATA: json.dumps(metrics)},
        app_transactions=[Transaction(name, version) for name, version in consumed.items()],
    )


def with_marker(handle: DeltaTable, properties: CommitProperties, name: str) -> CommitProperties:
    """Mark the handle's next commit as `REBUILT` or `REMOVED`."""
    return CommitProperties(
        custom_metadata=properties.custom_metadata,
        app_transactions=[*(properties.app_transactions or []), marker(handle, name)],
    )


def maintenance_properties(handle: DeltaTable, done: str) -> CommitProperties:
    """Return the properties of a commit that changes no row: what it did, and the last metrics."""
    metrics = json.dumps(last_metrics(handle))
    return CommitProperties(custom_metadata={_MAINTENANCE: done, _REPEATED: metrics})
