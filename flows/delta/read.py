"""Rows of a table: all of them, those that are new since a version, or those that match."""

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows.delta import data_files, protocol
from flows.delta.data_file_check import check_sizes
from flows.delta.handles import as_of
from flows.storage import filesystem


def scan(handle: DeltaTable) -> pl.LazyFrame:
    """Return the rows of the handle's version.

    Raises:
        DamagedTableError: a data file is truncated or missing.
        UnsupportedFeatureError: the table uses a feature that Polars does not support.
    """
    protocol.check_readable(handle)
    check_sizes(handle)
    return pl.scan_delta(handle, storage_options=filesystem.polars_options(handle.table_uri))


def rows(handle: DeltaTable) -> int:
    """Count the rows of the handle's version, from the log alone unless rows are marked deleted."""
    if protocol.has_deletion_vectors(handle):
        return int(scan(handle).select(pl.len()).collect().item())
    return int(data_files.files(handle)["num_records"].sum())


def appended_since(handle: DeltaTable, version: int) -> tuple[pl.LazyFrame, int] | None:
    """Return the rows appended to an append-only table after a version, and their count.

    The count comes from the log. Return None if the log no longer identifies the rows, because
    it has been cleaned up or a compaction has mixed older and newer rows.
    """
    try:
        before = data_files.files(as_of(handle, version))
    except DeltaError:
        return None
    files = data_files.files(handle)
    removed = before.join(files, on="path", how="anti")
    added = files.join(before, on="path", how="anti")
    # A compacted file holds no new rows if all of them were there by the version.
    compacted = added.filter(data_files.compacted_through(pl.col("path")) <= version)
    if removed["num_records"].sum() != compacted["num_records"].sum():
        return None
    new = added.join(compacted, on="path", how="anti")
    check_sizes(handle)
    if new.is_empty():
        return scan(handle).clear(), 0
    return data_files.scan_files(handle, new["path"]).drop("_file"), int(new["num_records"].sum())


def changed_since(handle: DeltaTable, version: int) -> pl.LazyFrame:
    """Return the rows of a table with `_version` that were added or changed after a version."""
    return scan(handle).filter(pl.col("_version") > version)


def matching(handle: DeltaTable, wanted: pl.DataFrame) -> pl.LazyFrame:
    """Return the rows that match a row of `wanted` in all of its columns.

    Add `_file`, the path of the file that holds the row.
    """
    files = data_files.files(handle)
    if wanted.is_empty() or files.is_empty():
        return scan(handle).clear().with_columns(_file=pl.lit(None, pl.String))
    check_sizes(handle)
    # Polars reads the first column of a file, and the others only if it finds a match.
    first, *others = wanted.columns
    found = data_files.scan_files(handle, files["path"]).filter(
        pl.col(first).is_in(wanted[first].unique().implode())
    )
    return found.join(wanted.lazy(), on=wanted.columns, how="semi") if others else found
