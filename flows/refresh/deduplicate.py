"""Resolve raw records into accepted, superseded and quarantined ones."""

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
from transforms.deduplication import latest_versions
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
    quarantined: pl.DataFrame
    """The records that break the contract."""
    replaced_rows: pl.DataFrame
    """The stored rows that the accepted ones replace, with the data files that hold them."""
    warnings: dict[str, int]
    """By warning, the number of rows of the table that give it after the commit."""

    @property
    def rows(self) -> int:
        """The number of accepted rows."""
        return self.accepted.rows if isinstance(self.accepted, Written) else len(self.accepted)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics that add up: read = accepted + superseded + quarantined."""
        return {
            "read": self.read,
            "accepted": self.rows,
            "superseded": self.superseded,
            "quarantined": len(self.quarantined),
        }


def resolve_batch(raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table) -> BatchResult:
    """Resolve new records; the stored rows of their keys take part in the deduplication.

    Raises:
        ConservationError: the number of records differs from that in the log.
        ContractBrokenError: the table's function does not return one row per record.
    """
    key = list(table.contract.spec().key)
    valid, invalid = _validated(raw, table)
    _check_conservation(table, read, len(valid) + len(invalid))
    stored = delta.matching(silver, valid.select(key)).drop("_version").collect(engine="streaming")
    # Of equal versions the stored row wins (true sorts last), so a repeated record changes nothing.
    versions = [
        stored.select(*valid.columns, _stored=pl.lit(value=True)),
        valid.with_columns(_stored=pl.lit(value=False)),
    ]
    latest = latest_versions(pl.concat(versions).lazy(), key)
    accepted = latest.filter(~pl.col("_stored")).drop("_stored").collect()
    replaced = stored.join(accepted, on=key, how="semi")
    warnings = Counter(last_metrics(silver).get("warnings", {}))
    warnings.update(_warnings(accepted, table))
    warnings.subtract(_warnings(replaced, table))
    superseded = len(valid) - len(accepted)
    return BatchResult(read, accepted, superseded, invalid, replaced, dict(warnings))


def resolve_all(
    raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table, chunk_rows: int
) -> BatchResult:
    """Resolve all records of a source, one chunk at a time; raise as `resolve_batch`.

    The accepted rows are written to data files that no commit names yet.
    """
    spec = table.contract.spec()
    key_hashes = list[pl.Series]()
    no_valid, no_invalid = _validated(raw.clear(), table)
    invalid_parts = [no_invalid]
    warnings = Counter[str]()

    def valid_parts() -> Iterator[pl.DataFrame]:
        yield no_valid  # it has the columns, even if there are no records
        for part in raw.collect_batches(chunk_size=data_files.ROWS):
            valid, invalid = _validated(part.lazy(), table)
            key_hashes.append(valid.select(pl.struct(spec.key).hash()).to_series())
            invalid_parts.append(invalid)
            yield valid

    def prepared(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        warnings.clear()
        for part in parts:
            warnings.update(_warnings(part, table))
            yield delta.stamped(silver, part.sort(spec.sort_by))

    written = data_files.write_files(silver, prepared(valid_parts()))
    invalid, valid_rows = pl.concat(invalid_parts), written.rows
    _check_conservation(table, read, valid_rows + len(invalid))
    # Counting hashes is cheap. If no hash occurs twice, no key does.
    if valid_rows and (keys := pl.concat(key_hashes).n_unique()) < valid_rows:
        versions = written
        latest = _latest(silver, versions, spec.key, chunk_rows)
        written = data_files.write_files(silver, prepared(latest))
        data_files.remove_files(silver, versions)
        _check_keys(table, keys, written.rows)
    superseded = valid_rows - written.rows
    return BatchResult(read, written, superseded, invalid, pl.DataFrame(), dict(warnings))


def _validated(raw: pl.LazyFrame, table: Table) -> list[pl.DataFrame]:
    """Return the valid rows, typed, and the invalid records, raw."""
    try:
        return pl.collect_all(
            validate_records(raw, table.function, table.contract), engine="streaming"
        )
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
    silver: DeltaTable, versions: Written, key: Sequence[str], chunk_rows: int
) -> Iterator[pl.DataFrame]:
    """Yield the latest version of each key from data files that no commit names."""
    paths = [action.path for action in versions.actions]
    rows = data_files.scan_files(silver, paths, versions.schema).drop("_file", "_version")
    for chunk in chunks(versions.rows, key, chunk_rows):
        yield latest_versions(rows.filter(chunk), key).collect(engine="streaming")


def _warnings(rows: pl.DataFrame, table: Table) -> dict[str, int]:
    counts = warning_counts(table.contract)
    return rows.select(**counts).row(0, named=True) if counts else {}
