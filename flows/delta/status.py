"""The status of a lake's tables: version, rows, records in quarantine, lag behind the inputs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deltalake import DeltaTable

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
from flows.delta.table_names import existing_tables
from transforms.graph import Table, tables

COLUMNS = ("table", "version", "rows", "quarantined", "lag (commits)")
"""The columns of the status of a lake."""


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
    opened = for_each_table(_open, lake, existing_tables(lake))
    unreadable = {name: str(each) for name, each in opened.items() if isinstance(each, TableError)}
    handles = {name: each for name, each in opened.items() if isinstance(each, DeltaTable)}
    not_writable = {
        name: reason for name, handle in handles.items() if (reason := _write_obstacle(handle))
    }
    found: dict[str, dict[str, Any]] = {}
    for name in handles:
        if not name.startswith("quarantine."):
            try:
                found[name] = _table_status(name, handles)
            except TableError as error:
                unreadable[name] = str(error)
    return LakeStatus(found, unreadable, not_writable)


def lines(found: LakeStatus) -> list[list[str]]:
    """Return the status of each readable table under `COLUMNS`."""
    keys = ("version", "rows", "quarantined", "lag")
    return [[name, *(format_cell(row[key]) for key in keys)] for name, row in found.tables.items()]


def rule_counts(found: LakeStatus) -> dict[str, list[str]]:
    """Return the broken rules by title, a line for each table with quarantine or warnings."""
    titles = {"In quarantine": "broken_rules", "Warnings": "warnings"}
    tables = found.tables.items()
    counted = {title: rule_lines({n: r[key] for n, r in tables}) for title, key in titles.items()}
    return {title: lines for title, lines in counted.items() if lines}


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

    `lag` is the number of commits of the inputs that the table has not consumed; `quarantined` the
    number of its source's records in quarantine; `figures` the metrics of the last commit;
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


def _open(lake: str, name: str) -> DeltaTable | TableError:
    try:
        return delta.open_existing(lake, name)
    except TableError as error:
        return error


def _write_obstacle(handle: DeltaTable) -> str:
    try:
        delta.check_writable(handle)
    except TableError as error:
        return str(error)
    return ""


def _table_status(name: str, handles: dict[str, DeltaTable]) -> dict[str, Any]:
    handle, table = handles[name], tables().get(name)
    source = table.source if table else None
    quarantine = handles.get(delta.quarantine_name(source)) if source else None
    return {
        "version": handle.version(),
        "contract": version(contract) if (contract := read_contract(handle)) else "",
        "rows": delta.rows(handle),
        "quarantined": delta.rows(quarantine) if quarantine else 0,
        "lag": _lag(table, handles) if table else 0,
        "figures": (metrics := last_metrics(handle)),
        "broken_rules": broken_rules(quarantine) if quarantine else {},
        "warnings": metrics.get("warnings", {}),
        "held": since.isoformat() if (since := held_since(handle)) else None,
    }


def _lag(table: Table, handles: dict[str, DeltaTable]) -> int:
    inputs = [name for name in table.input_names if name in handles]
    handle = handles[table.name]
    return sum(handles[name].version() - (delta.consumed(handle, name) or 0) for name in inputs)
