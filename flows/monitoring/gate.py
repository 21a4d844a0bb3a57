"""The tables that are held back: which, since when, and why."""

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from deltalake import DeltaTable

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError
from flows.delta.commit_log import last_metrics, since
from flows.delta.holds import held_since
from flows.delta.thresholds import Stop, stop_of
from transforms.graph import Table, tables


class HeldBack(NamedTuple):
    """The tables that keep their last state because the last run of a silver table is stopped."""

    cause: str
    """The silver table."""
    since: datetime
    """When the first of its stopped runs ended (UTC)."""
    problem: str
    """Which shares are larger than allowed, in words."""
    remedy: str
    tables: tuple[str, ...]
    """The tables that are held back, those that people read first."""

    def __str__(self) -> str:
        """Return the line that people read."""
        return (
            f"{self.cause}: {self.problem}; held back since {self.since:%Y-%m-%d %H:%M} UTC: "
            f"{', '.join(self.tables)}; {self.remedy}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {**self._asdict(), "since": self.since.isoformat()}


def held_back(lake: str) -> list[HeldBack]:
    """Return the tables that are held back, by the silver table that is the cause.

    A table that cannot be read counts as one that has consumed nothing.
    """
    opened = for_each_table(_open, lake, [*tables()])
    return [*find_held_back({name: handle for name, handle in opened.items() if handle})]


def find_held_back(handles: Mapping[str, DeltaTable]) -> Iterator[HeldBack]:
    """Yield the tables that are held back, from handles on the tables that exist."""
    for name, table in tables().items():
        if not table.source or name not in handles:
            continue
        stop = stop_of(table, last_metrics(handles[name]))
        if stop and (waiting := _waiting_for(stop, handles)):
            yield HeldBack(
                name,
                since(handles[name], partial(_is_stopped, table, min(waiting.values()))),
                stop.problem,
                stop.remedy,
                _with_dependents(waiting, handles),
            )


def _open(lake: str, name: str) -> DeltaTable | None:
    try:
        return delta.open_if_exists(lake, name)
    except TableError:
        return None


def _waiting_for(stop: Stop, handles: Mapping[str, DeltaTable]) -> dict[str, int]:
    """Return the version that each reader of a stopped table has consumed, if an earlier one."""
    found = dict[str, int]()
    for name, table in tables().items():
        handle = handles.get(name)
        if stop.table in table.input_names and not (handle and held_since(handle)):
            consumed = delta.consumed(handle, stop.table) if handle else None
            found[name] = _NOTHING if consumed is None else consumed
    return {name: version for name, version in found.items() if version < stop.version}


_NOTHING = -1
"""The version that a table has consumed of an input if it has consumed none."""


def _is_stopped(table: Table, consumed: int, metrics: Mapping[str, Any]) -> bool:
    """Return whether a run is stopped, and no reader has consumed its version."""
    stop = stop_of(table, metrics)
    return stop is not None and stop.version > consumed


def _with_dependents(names: Container[str], handles: Mapping[str, DeltaTable]) -> tuple[str, ...]:
    """Add the tables that wait for some tables; those that people read come first.

    A table waits for its inputs. If its own inputs changed, it also waits for its dimensions.
    """
    found = list[str]()
    for name, table in tables().items():  # each after its dependencies
        needs = table.dependencies if _is_due(table, handles) else table.input_names
        if name in names or {*needs} & {*found}:
            found.append(name)
    return tuple(reversed(found))


def _is_due(table: Table, handles: Mapping[str, DeltaTable]) -> bool:
    """Return whether an input has a version that a table has not consumed."""
    return table.name not in handles or any(
        handles[name].version() != delta.consumed(handles[table.name], name)
        for name in table.input_names
        if name in handles
    )
