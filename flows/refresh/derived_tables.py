"""Refresh of tables that are computed from other tables: gold, and silver beyond source tables."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from time import perf_counter

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from contracts.table_check import ContractBrokenError
from flows import delta
from flows.config.errors import TableError, table_name
from flows.config.settings import Settings
from flows.delta import data_files
from flows.delta.contract_metadata import is_current
from flows.delta.damage import translates_damage
from flows.delta.data_files import Written
from flows.delta.holds import held_since
from flows.delta.log_check import DamagedTableError
from flows.delta.outcome import Outcome
from flows.delta.thresholds import CONTRACTS, Gate
from flows.delta.versions import NoVersionError, open_version
from flows.refresh.affected_keys import affected_keys
from flows.refresh.change_detection import RefreshScope, detect_changes, unchanged_outcome
from flows.refresh.chunks import chunks
from flows.refresh.compute import (
    Handles,
    OpenTables,
    compute_chunk,
    compute_keys,
    describe,
    write_chunk,
)
from flows.refresh.gate import check_gate
from flows.refresh.workers import run_on_workers
from flows.refresh.write import write_all, write_changes
from transforms.graph import Table


@translates_damage
def refresh_derived_table(
    lake: str, table: Table, *, rebuild: bool = False, gate: Gate = CONTRACTS
) -> Outcome:
    """Bring a derived table up to date with its inputs.

    If the table has an incremental key (such as `order_id`), only the keys that the changed rows of
    its inputs affect are computed again.

    Raises:
        contracts.table_check.ContractBrokenError: the computed rows break the contract.
        ConservationError: the rows of the data files do not add up.
        HeldBackError: the last run of an input is stopped.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    started, spec = perf_counter(), table.contract.spec()
    target = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(target):
        return replace(unchanged_outcome(table, target), seconds=perf_counter() - started)
    parents = {
        column: delta.open_table(lake, parent)
        for column, parent in table.contract.references().items()
    }
    inputs = {
        contract.spec().table: delta.open_table(lake, contract)
        for contract in table.inputs.values()
    }
    for name, handle in inputs.items():
        _limit_to_parents(table, handle, name, parents.values())
    check_gate(target, inputs, gate)
    pending = detect_changes(table, target, inputs, rebuild=rebuild)
    written, reason = 0, pending.full_refresh_reason
    if not pending.is_empty:
        tables = OpenTables(table, target, inputs, parents)
        keys = None
        if spec.incremental_key and not reason:
            keys, reason = affected_keys(table, target, inputs, pending.watermarks)
        try:
            if keys is None:
                written = _refresh_all(lake, tables, pending)
            else:
                written = _refresh_keys(tables, pending, keys)
        except ContractBrokenError as broken:
            if _at_same_versions(inputs, list(parents.values())):
                raise
            message = f"{table.name}: another refresh is updating its dimensions; try again"
            raise CommitFailedError(message) from broken
    return replace(
        unchanged_outcome(table, target),
        changed=not pending.is_empty,
        written=written,
        full_refresh_reason=reason,
        seconds=perf_counter() - started,
    )


def _limit_to_parents(
    table: Table, handle: DeltaTable, name: str, parents: Iterable[DeltaTable]
) -> None:
    """Load the version of an input that the dimensions have read.

    Rows of a later version may refer to members that the dimensions do not have yet.

    Raises:
        TableError: this version is not stored any more.
    """
    consumed = {
        version: table_name(parent.table_uri)
        for parent in parents
        if (version := delta.consumed(parent, name)) is not None
    }
    limit = min(consumed, default=handle.version())
    if limit < handle.version():
        try:
            open_version(handle, limit)
        except NoVersionError as error:
            message = (
                f"{table.name}: {consumed[limit]} has consumed version {limit} of {name}, which is "
                f"no longer stored; refresh {consumed[limit]}, or release it if it is held"
            )
            raise TableError(message) from error
        handle.load_as_version(limit)


def _at_same_versions(inputs: Handles, parents: Iterable[DeltaTable]) -> bool:
    """Return whether all dimensions that read an input have consumed the same version of it."""
    consumed = {
        name: {delta.consumed(parent, name) for parent in parents} - {None} for name in inputs
    }
    return all(len(versions) <= 1 for versions in consumed.values())


def _refresh_all(lake: str, tables: OpenTables, pending: RefreshScope) -> int:
    """Compute a table from all rows of its inputs; return the number of rows written."""
    table, target, inputs, _ = tables
    spec = table.contract.spec()
    if not spec.incremental_key:
        rows = compute_chunk(tables, pl.lit(value=True))
        new = delta.stamped(target, rows)
        if _is_same(tables, new):
            properties = delta.commit_properties(pending.consumed, {"rows": len(rows)})
            delta.append(target, new.clear(), properties)
            return 0
        written = data_files.write_files(target, [new])
    else:
        count = sum(map(delta.rows, inputs.values()))
        done = run_on_workers(
            partial(write_chunk, describe(lake, tables)),
            chunks(count, spec.incremental_key, Settings().chunk_rows),
        )
        actions = [action for chunk in done for action in chunk.actions]
        written = Written(actions, sum(chunk.rows for chunk in done), done[0].schema)
    return write_all(table, target, written, pending)


def _is_same(tables: OpenTables, new: pl.DataFrame) -> bool:
    """Return whether a table already has these rows; false if its data files are damaged."""
    table, target = tables.table, tables.target
    try:
        stored = delta.scan(target).collect()
    except DamagedTableError:
        return False
    if stored.schema != new.schema or not is_current(target, table.contract):
        return False
    columns = table.contract.fields().names()
    return new.select(columns).equals(stored.select(columns).sort(table.contract.spec().key))


def _refresh_keys(tables: OpenTables, pending: RefreshScope, keys: pl.DataFrame) -> int:
    """Compute the rows of the affected keys again; return the number of rows that changed."""
    table, target = tables.table, tables.target
    rows = compute_keys(tables, keys)
    stored = delta.matching(target, keys).collect(engine="streaming")
    return write_changes(table, target, rows, stored, pending)
