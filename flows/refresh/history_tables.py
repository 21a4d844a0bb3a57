"""Refresh of history tables: the valid records of each key, merged into intervals.

Silver has decided which records are valid: those of bronze, up to the version that it has consumed,
that are not in quarantine. A history table reads these records, so it always agrees with silver.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from polars import col

from contracts.table_check import check_table
from flows import delta
from flows.config.errors import ConservationError, TableError
from flows.config.settings import Settings
from flows.delta import data_files
from flows.delta.damage import translates_damage
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.delta.quarantine import of_silver
from flows.delta.thresholds import CONTRACTS, Gate
from flows.delta.transactions import consumed_tables
from flows.delta.versions import NoVersionError, open_version
from flows.refresh.change_detection import RefreshScope, detect_changes, unchanged_outcome
from flows.refresh.chunks import chunks
from flows.refresh.gate import check_gate
from flows.refresh.records import records_of, typed_versions, without
from flows.refresh.write import write_all, write_changes
from transforms.graph import Table
from transforms.history import only_versions
from transforms.validation import is_delete


@translates_damage
def refresh_history_table(
    lake: str, table: Table, *, rebuild: bool = False, gate: Gate = CONTRACTS
) -> Outcome:
    """Bring a history table up to date with the valid records of its silver table.

    New records change the intervals of their keys only.

    Raises:
        contracts.table_check.ContractBrokenError: the intervals break the contract.
        ConservationError: versions are missing.
        HeldBackError: the last run of the silver table is stopped.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    started = perf_counter()
    target = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(target):
        return replace(unchanged_outcome(table, target), seconds=perf_counter() - started)
    tables = _open(lake, table, target)
    check_gate(target, tables.inputs(), gate)
    pending = detect_changes(table, target, tables.inputs(), rebuild=rebuild)
    written, reason = 0, pending.full_refresh_reason
    if not pending.is_empty:
        new = reason or _new_records(tables, pending)
        if isinstance(new, str):
            written, reason = _refresh_all(tables, pending), new
        else:
            written = _refresh_keys(tables, pending, new)
    return replace(
        unchanged_outcome(table, target),
        changed=not pending.is_empty,
        written=written,
        full_refresh_reason=reason,
        seconds=perf_counter() - started,
    )


class _Tables(NamedTuple):
    """A history table with handles on what it reads, at versions that belong together."""

    table: Table
    source: Table
    """The silver table."""
    target: DeltaTable
    silver: DeltaTable
    bronze: DeltaTable
    quarantine: DeltaTable

    def inputs(self) -> dict[str, DeltaTable]:
        """Return the handles on what it reads, by name."""
        names = consumed_tables(self.table)
        return dict(zip(names, (self.silver, self.bronze, self.quarantine), strict=True))

    @property
    def key(self) -> list[str]:
        """The natural key."""
        return list(self.source.contract.spec().key)


def _open(lake: str, table: Table, target: DeltaTable) -> _Tables:
    """Open silver, and the versions of bronze and quarantine that it was computed from."""
    (source,) = filter(None, [table.versions_of])
    (records,) = source.inputs.values()
    silver, bronze = delta.open_table(lake, source.contract), delta.open_table(lake, records)
    consumed = delta.consumed(silver, records.spec().table) or 0
    if consumed < bronze.version():
        try:
            bronze = open_version(bronze, consumed)
        except NoVersionError as error:
            message = (
                f"{table.name}: silver was computed from version {consumed} of "
                f"{records.spec().table}, which is no longer stored; refresh {source.name}, or "
                f"release it if it is held"
            )
            raise TableError(message) from error
    name = delta.quarantine_name(records)
    try:
        quarantine = of_silver(delta.open_quarantine(lake, records), silver, name)
    except NoVersionError as error:
        message = f"{table.name}: no version of {name} belongs to silver; refresh it first"
        raise CommitFailedError(message) from error
    return _Tables(table, source, target, silver, bronze, quarantine)


def _new_records(tables: _Tables, pending: RefreshScope) -> pl.DataFrame | str:
    """Return the valid raw records since the watermark, or why all records must be read."""
    _, bronze_name, quarantine_name = tables.inputs()
    quarantined = delta.appended_since(tables.quarantine, pending.watermarks[quarantine_name])
    if quarantined is None:
        return "the records in quarantine were validated again"
    new = delta.appended_since(tables.bronze, pending.watermarks[bronze_name])
    if new is None:
        return f"the log of {bronze_name} does not show which records are new"
    if new[1] > Settings().chunk_rows // _MEMORY_FACTOR:
        return f"{new[1]:,} new records do not fit into memory at once"
    valid = without(new[0].collect(), quarantined[0])
    _check_count(tables, len(valid), new[1] - quarantined[1])
    return valid


_MEMORY_FACTOR = 4
"""The memory of a record (raw, typed, merged) per that of a row in a chunk."""


def _refresh_keys(tables: _Tables, pending: RefreshScope, new: pl.DataFrame) -> int:
    """Compute the intervals of the keys of new records again; return the number that changed."""
    table, target, key = tables.table, tables.target, tables.key
    versions = typed_versions(tables.source, new)
    keys = versions.select(key).unique()
    stored = delta.matching(target, keys).collect(engine="streaming")
    # A key that the table does not have has no earlier version.
    known = keys.join(stored, on=key, how="semi")
    if len(known):
        of_new_keys, count = versions.join(known, on=key, how="anti"), len(versions)
        versions = pl.concat([of_new_keys, _versions_of(tables, known)])
        _check_count(tables, min(len(versions), count), count)
    rows, metrics = _intervals(tables, versions)
    check_table(rows, table.contract, {})
    return write_changes(table, target, rows, stored, pending, **metrics)


def _refresh_all(tables: _Tables, pending: RefreshScope) -> int:
    """Compute all intervals, one chunk of keys at a time; return the number of rows written."""
    target, records = tables.target, delta.rows(tables.bronze)
    valid = records - delta.rows(tables.quarantine)
    # Then no record was superseded and none is a delete.
    is_silver_all = valid == delta.rows(tables.silver)
    size = records * (1 if is_silver_all else _MEMORY_FACTOR)
    totals = Counter[str]()

    def parts() -> Iterator[pl.DataFrame]:
        for chunk in chunks(size, tables.key, Settings().chunk_rows):
            keys = None if is_silver_all else _keys_with_versions(tables, chunk)
            rows, metrics = _chunk(tables, chunk, keys)
            check_table(rows, tables.table.contract, {})
            totals.update(metrics)
            yield delta.stamped(target, rows)

    written = data_files.write_files(target, parts())
    _check_count(tables, totals["versions"], valid)
    return write_all(tables.table, target, written, pending, **totals)


def _chunk(
    tables: _Tables, chunk: pl.Expr, keys: pl.DataFrame | None
) -> tuple[pl.DataFrame, Counter[str]]:
    """Compute the intervals of a chunk of keys, with metrics.

    Args:
        tables: the tables.
        chunk: the filter of the chunk.
        keys: those of its keys that have more than one version, or a delete. The other ones have
            their silver row.
    """
    silver = delta.scan(tables.silver).filter(chunk)
    if keys is not None:
        silver = silver.join(keys.lazy(), on=tables.key, how="anti")
    tracked = tables.source.contract.spec().history
    only = only_versions(silver, tables.key, tracked).collect(engine="streaming")
    if keys is None or keys.is_empty():
        return only, Counter(versions=len(only), merged=0, superseded=0)
    rows, metrics = _intervals(tables, _versions_of(tables, keys))
    metrics.update(versions=len(only))
    return pl.concat([only, rows]), metrics


def _keys_with_versions(tables: _Tables, chunk: pl.Expr) -> pl.DataFrame:
    """Return the keys of a chunk that have more than one record, or a delete."""
    raw, key = delta.scan(tables.bronze), tables.key
    typed = tables.source.function(raw).select(key)
    return (
        pl.concat([typed, raw.select(_is_delete=is_delete())], how="horizontal")
        .filter(chunk)
        .group_by(key)
        .agg(_is_needed=(pl.len() > 1) | col("_is_delete").any())
        .filter("_is_needed")
        .drop("_is_needed")
        .collect(engine="streaming")
    )


def _versions_of(tables: _Tables, keys: pl.DataFrame) -> pl.DataFrame:
    """Return all versions of some keys, from the valid records of bronze."""
    records = records_of(tables.source, tables.bronze, keys)
    valid = without(records, delta.scan(tables.quarantine))
    return typed_versions(tables.source, valid).join(keys, on=tables.key, how="semi")


def _intervals(tables: _Tables, versions: pl.DataFrame) -> tuple[pl.DataFrame, Counter[str]]:
    """Merge versions into intervals, and count: versions = intervals + merged + superseded."""
    names = tables.table.contract.fields().names()
    rows = tables.table.function(versions.lazy()).select(names).collect()
    instants = versions.select(pl.struct(*tables.key, "_event_time").n_unique()).item()
    merged, superseded = instants - len(rows), len(versions) - instants
    return rows, Counter(versions=len(versions), merged=merged, superseded=superseded)


def _check_count(tables: _Tables, found: int, expected: int) -> None:
    if found != expected:
        message = (
            f"{tables.table.name}: the logs of its inputs have {expected} valid records, but "
            f"{found} were read; nothing was written"
        )
        raise ConservationError(message)
