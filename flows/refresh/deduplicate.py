"""Resolve raw records: accepted, superseded, deleted or quarantined."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl
from deltalake import DeltaTable
from polars.exceptions import ShapeError

from contracts.table_check import ContractBrokenError
from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from flows.delta.commit_log import last_metrics
from flows.delta.data_files import Written
from flows.refresh.chunks import chunks
from transforms.deduplication import all_versions, latest_versions
from transforms.graph import Table
from transforms.validation import validate_records, warning_counts


class BatchResult(NamedTuple):
    """Resolved records, not yet committed."""

    read: int
    """The number of records, from the log of the table that they come from."""
    accepted: pl.DataFrame | Written
    """Rows to merge into the table, or data files that replace all of the table."""
    superseded: int
    """The number of valid records that a later version replaces."""
    deleted: int
    """The number of valid deletes that are the latest version of their key."""
    quarantined: pl.DataFrame
    """The records that break the contract."""
    replaced_rows: pl.DataFrame
    """The stored rows that are replaced or deleted, with the data files that hold them."""
    warnings: dict[str, int]
    """By warning, the number of rows of the table that give it after the commit."""
    deletes: int
    """The number of valid deletes that the table has consumed after the commit."""
    new_warnings: dict[str, int]
    """By warning, the number of accepted rows that give it."""

    @property
    def rows(self) -> int:
        """The number of accepted rows."""
        return self.accepted.rows if isinstance(self.accepted, Written) else len(self.accepted)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics that add up: read = accepted + superseded + deleted + quarantined."""
        return {
            "read": self.read,
            "accepted": self.rows,
            "superseded": self.superseded,
            "deleted": self.deleted,
            "quarantined": len(self.quarantined),
        }


def resolve_batch(
    raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table, consumed: pl.LazyFrame | None
) -> BatchResult:
    """Resolve new records; stored rows and earlier deletes of their keys take part.

    Args:
        raw: the records.
        read: the number of records, from the log.
        silver: a handle on the table.
        table: the table.
        consumed: the raw deletes that the table has consumed, or None if there are none.

    Raises:
        ConservationError: the number of records differs from that in the log.
        ContractBrokenError: the table's function does not return one row per record.
    """
    key = list(table.contract.spec().key)
    valid, deletes, invalid = _validated(raw, table)
    _check_conservation(table, read, len(valid) + len(deletes) + len(invalid))
    keys = pl.concat([valid.select(key), deletes.select(key)])
    stored = delta.matching(silver, keys).drop("_version").collect(engine="streaming")
    earlier = deletes.clear()
    if consumed is not None:
        every = validate_records(consumed, table.function, table.contract).deletes
        earlier = every.join(keys.lazy(), on=key, how="semi").collect(engine="streaming")
    known = all_versions(stored.select(valid.columns).lazy(), earlier.lazy())
    new = all_versions(valid.lazy(), deletes.lazy())
    # Of equal versions the known one wins (true sorts last): a repeated record changes nothing.
    versions = [
        known.with_columns(_is_known=pl.lit(value=True)),
        new.with_columns(_is_known=pl.lit(value=False)),
    ]
    latest = latest_versions(pl.concat(versions), key).filter(~pl.col("_is_known")).collect()
    accepted = latest.filter(~pl.col("_is_delete")).select(valid.columns)
    replaced = stored.join(latest, on=key, how="semi")
    metrics = last_metrics(silver)
    warnings = Counter(metrics.get("warnings", {}))
    new_warnings = _warnings(accepted, table)
    warnings.update(new_warnings)
    warnings.subtract(_warnings(replaced, table))
    return BatchResult(
        read,
        accepted,
        superseded=len(valid) + len(deletes) - len(latest),
        deleted=len(latest) - len(accepted),
        quarantined=invalid,
        replaced_rows=replaced,
        warnings=dict(warnings),
        deletes=metrics.get("deletes", 0) + len(deletes),
        new_warnings=new_warnings,
    )


def resolve_all(
    raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table, chunk_rows: int
) -> BatchResult:
    """Resolve all records of a source, one chunk at a time; raise as `resolve_batch`.

    The accepted rows are written to data files that no commit names yet.
    """
    spec = table.contract.spec()
    key_hashes = list[pl.Series]()
    nothing = _validated(raw.clear(), table)
    delete_parts, invalid_parts = [nothing.deletes], [nothing.invalid]
    warnings = Counter[str]()

    def valid_parts() -> Iterator[pl.DataFrame]:
        yield nothing.valid  # it has the columns, even if there are no records
        for part in raw.collect_batches(chunk_size=data_files.ROWS):
            valid, deletes, invalid = _validated(part.lazy(), table)
            for each in (valid, deletes):
                key_hashes.append(each.select(pl.struct(spec.key).hash()).to_series())
            delete_parts.append(deletes)
            invalid_parts.append(invalid)
            yield valid

    def prepared(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        warnings.clear()
        for part in parts:
            warnings.update(_warnings(part, table))
            yield delta.stamped(silver, part.sort(spec.sort_by))

    written = data_files.write_files(silver, prepared(valid_parts()))
    deletes, invalid = pl.concat(delete_parts), pl.concat(invalid_parts)
    valid_rows, deleted = written.rows + len(deletes), list[int]()
    _check_conservation(table, read, valid_rows + len(invalid))
    # Counting hashes is cheap. If no hash occurs twice, no key does.
    keys = pl.concat(key_hashes).n_unique() if valid_rows else 0
    if keys < valid_rows or len(deletes):
        upserts = written

        def remaining_parts() -> Iterator[pl.DataFrame]:
            for latest in _latest(silver, upserts, deletes, spec.key, chunk_rows):
                remaining = latest.filter(~pl.col("_is_delete")).drop("_is_delete")
                deleted.append(len(latest) - len(remaining))
                yield remaining

        written = data_files.write_files(silver, prepared(remaining_parts()))
        data_files.remove_files(silver, upserts)
        _check_keys(table, keys, written.rows + sum(deleted))
    return BatchResult(
        read,
        written,
        superseded=valid_rows - written.rows - sum(deleted),
        deleted=sum(deleted),
        quarantined=invalid,
        replaced_rows=pl.DataFrame(),
        warnings=dict(warnings),
        deletes=len(deletes),
        new_warnings=dict(warnings),
    )


class _Validated(NamedTuple):
    """The frames of `ValidatedRecords`."""

    valid: pl.DataFrame
    deletes: pl.DataFrame
    invalid: pl.DataFrame


def _validated(raw: pl.LazyFrame, table: Table) -> _Validated:
    """Return the valid upserts and deletes, typed, and the invalid records, raw."""
    try:
        validated = validate_records(raw, table.function, table.contract)
        return _Validated(*pl.collect_all(validated, engine="streaming"))
    except ShapeError as error:
        message = f"{table.name}: its function must return one row per record, in the same order"
        raise ContractBrokenError(message) from error


def _check_conservation(table: Table, read: int, validated: int) -> None:
    if read != validated:
        message = (
            f"{table.name}: the log of its source has {read} records, but {validated} were read; "
            f"nothing was written"
        )
        raise ConservationError(message)


def _check_keys(table: Table, keys: int, rows: int) -> None:
    # Different keys may have the same hash: then there are a few more rows than hashes.
    if rows < keys:
        message = (
            f"{table.name}: only {rows} of {keys} keys have a latest version; nothing was written"
        )
        raise ConservationError(message)


def _latest(
    silver: DeltaTable, upserts: Written, deletes: pl.DataFrame, key: Sequence[str], chunk_rows: int
) -> Iterator[pl.DataFrame]:
    """Yield the latest version of each key from deletes and from files that no commit names."""
    paths = [action.path for action in upserts.actions]
    rows = data_files.scan_files(silver, paths, upserts.schema).drop("_file", "_version")
    versions = all_versions(rows, deletes.lazy())
    for chunk in chunks(upserts.rows + len(deletes), key, chunk_rows):
        yield latest_versions(versions.filter(chunk), key).collect(engine="streaming")


def _warnings(rows: pl.DataFrame, table: Table) -> dict[str, int]:
    counts = warning_counts(table.contract)
    return rows.select(**counts).row(0, named=True) if counts else {}
