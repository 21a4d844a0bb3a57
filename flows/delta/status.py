"""The status of a lake's tables: version, rows, records in quarantine, lag behind the inputs."""

from typing import Any, NamedTuple

from deltalake import DeltaTable

from contracts.describe import version
from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import read_contract
from flows.delta.holds import held_since
from flows.delta.quarantine import broken_rules
from flows.delta.table_names import existing_tables
from transforms.graph import Table, tables


class LakeStatus(NamedTuple):
    """The status of the tables of a lake."""

    tables: dict[str, dict[str, Any]]
    """The status of each readable table, by name; see `status`."""
    unreadable: dict[str, str]
    """By table that cannot be read: the reason."""
    not_writable: dict[str, str]
    """By table that can be read but not refreshed: the reason."""


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
