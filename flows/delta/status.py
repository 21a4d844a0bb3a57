"""The status of a lake's tables: version, rows, deletes, quarantine, lag behind the inputs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from contracts.describe import version
from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError
from flows.config.grid import Listing, Printed, format_cell, titled
from flows.config.plural import pluralize
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import read_contract
from flows.delta.holds import held_since, hold_message
from flows.delta.quarantine import broken_rules, rule_lines
from flows.delta.table_names import all_tables, no_lake
from flows.storage.filesystem import check_access
from transforms.graph import Table, tables

COLUMNS = ("table", "version", "rows", "deletes", "quarantined", "lag (commits)")
"""The columns of the status of a lake."""

OPTIONAL = ("deletes", "version")
"""Those that a narrow terminal leaves out, the first one first."""


@dataclass(frozen=True, repr=False)
class LakeStatus(Printed):
    """The status of the tables of a lake; prints as the command line prints it."""

    tables: dict[str, dict[str, Any]]
    """The status of each readable table, by name; see `status`."""
    unreadable: dict[str, str]
    """By table that cannot be read: the reason."""
    not_writable: dict[str, str]
    """By table that can be read but not refreshed: the reason."""

    def listing(self) -> Listing:
        """Return the status of each table, and what is wrong with a table."""
        rules = titled(rule_counts(self))
        below = [*rules, headline(self), *remarks(self), *self.unreadable.values()]
        return Listing(COLUMNS, lines(self), below)


def lake_status(lake: str) -> LakeStatus:
    """Return the status of the tables of a lake, even if some of them cannot be read.

    Raises:
        NoLakeError: the lake has no tables.
    """
    check_access(lake)
    read = for_each_table(_read, lake, all_tables())
    if all(each is None for each in read.values()):
        raise no_lake(lake)
    unreadable = {name: str(each) for name, each in read.items() if isinstance(each, TableError)}
    logs = {name: each for name, each in read.items() if isinstance(each, _Log)}
    found: dict[str, dict[str, Any]] = {}
    for name in logs:
        if not name.startswith("quarantine."):
            try:
                found[name] = _table_status(name, logs)
            except TableError as error:
                unreadable[name] = str(error)
    not_writable = {name: log.obstacle for name, log in logs.items() if log.obstacle}
    return LakeStatus(found, unreadable, not_writable)


def lines(found: LakeStatus) -> list[list[str]]:
    """Return the status of each readable table under `COLUMNS`."""
    keys = ("version", "rows", "deletes", "quarantined", "lag")
    return [[name, *(format_cell(row[key]) for key in keys)] for name, row in found.tables.items()]


def rule_counts(found: LakeStatus) -> dict[str, list[str]]:
    """Return the broken rules by title, a line for each table with quarantine or warnings."""
    counts = {
        "In quarantine": {
            _quarantine(tables()[name]): row["broken_rules"]
            for name, row in found.tables.items()
            if row["broken_rules"]
        },
        "Warnings": {name: row["warnings"] for name, row in found.tables.items()},
    }
    return {title: shown for title, each in counts.items() if (shown := rule_lines(each))}


def headline(found: LakeStatus) -> str:
    """Say in a sentence whether the tables are up to date."""
    outdated = sum(row["lag"] > 0 for row in found.tables.values())
    quarantined = sum(row["quarantined"] for row in found.tables.values())
    unreadable = (
        f" {pluralize(len(found.unreadable), 'table')} cannot be read." if found.unreadable else ""
    )
    return (
        f"{pluralize(len(found.tables), 'table')}, "
        f"{f'{outdated} out of date' if outdated else 'all up to date'}; "
        f"{pluralize(quarantined, 'record')} in quarantine.{unreadable}"
    )


def remarks(found: LakeStatus) -> list[str]:
    """Return a line for each table that is held or cannot be refreshed."""
    held = {name: row["held"] for name, row in found.tables.items() if row["held"]}
    return [
        *(hold_message(name, datetime.fromisoformat(since)) for name, since in held.items()),
        *found.not_writable.values(),
    ]


def status(lake: str) -> dict[str, dict[str, Any]]:
    """Return the status of every bronze, silver and gold table of the lake, by name.

    `lag` is the number of commits of the inputs that the table has not consumed; `deletes` the
    number of valid deletes that it has consumed; `quarantined` the number of its source's records
    in quarantine; `figures` the metrics of the last commit;
    `contract` the version of the contract that the table was written under, if it stores one;
    `held` the time when a hold began, as ISO time (UTC), or None.

    Raises:
        NoLakeError: the lake has no tables.
        TableError: a table cannot be read.
    """
    found = lake_status(lake)
    for reason in found.unreadable.values():
        raise TableError(reason)
    return found.tables


class _Log(NamedTuple):
    """What the log of a table says; each table's log is read once, all of them concurrently."""

    handle: DeltaTable
    rows: int
    metrics: dict[str, Any]
    obstacle: str
    """Why the table cannot be refreshed; empty if it can."""
    held: datetime | None
    consumed: dict[str, int]
    """The transactions of its inputs and its quarantine."""


def _read(lake: str, name: str) -> _Log | TableError | None:
    """Return what the log of a table says, None if the table does not exist, or the reason."""
    try:
        handle = delta.open_existing(lake, name)
        rows = delta.rows(handle)
    except TableNotFoundError:
        return None
    except TableError as error:
        return error
    table = tables().get(name)
    inputs = [*table.input_names] if table else []
    quarantine = _quarantine(table) if table else name
    return _Log(
        handle,
        rows,
        last_metrics(handle),
        _write_obstacle(handle),
        held_since(handle),
        {each: delta.consumed(handle, each) or 0 for each in filter(None, [*inputs, quarantine])},
    )


def _write_obstacle(handle: DeltaTable) -> str:
    try:
        delta.check_writable(handle)
    except TableError as error:
        return str(error)
    return ""


def _quarantine(table: Table) -> str:
    return delta.quarantine_name(table.source) if table.source else ""


def _table_status(name: str, logs: dict[str, _Log]) -> dict[str, Any]:
    log, table = logs[name], tables().get(name)
    quarantine = logs.get(_quarantine(table)) if table else None
    contract = read_contract(log.handle)
    inputs = [each for each in table.input_names if each in logs] if table else []
    return {
        "version": log.handle.version(),
        "contract": version(contract) if contract else "",
        "rows": log.rows,
        "deletes": log.metrics.get("deletes", 0),
        "quarantined": quarantine.rows if quarantine else 0,
        "lag": sum(logs[each].handle.version() - log.consumed[each] for each in inputs),
        "figures": log.metrics,
        "broken_rules": _broken_rules(log, quarantine) if quarantine else {},
        "warnings": log.metrics.get("warnings", {}),
        "held": log.held.isoformat() if log.held else None,
    }


def _broken_rules(silver: _Log, quarantine: _Log) -> dict[str, int]:
    """Count the rules that records in quarantine break: as the silver commit counted them.

    Read the quarantine itself only if it is not the one that belongs to that commit.
    """
    (generation,) = quarantine.consumed.items()
    counted: dict[str, int] | None = silver.metrics.get("broken_rules")
    same_rows = silver.metrics.get("in_quarantine") == quarantine.rows
    if counted is not None and same_rows and generation in silver.consumed.items():
        return counted
    return broken_rules(quarantine.handle)
