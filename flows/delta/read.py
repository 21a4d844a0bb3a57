"""Rows of a table: all of them, those that are new since a version, or those that match."""

from collections.abc import Sequence

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows.delta import data_files, protocol
from flows.delta.data_file_check import check_sizes
from flows.delta.handles import as_of
from flows.delta.transactions import REMOVED, is_marked_since
from flows.delta.versions import NoVersionError, open_version
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
    return data_files.scan_files(handle, new["path"]).drop("_file"), int(new["num_records"].sum())


def changed_since(handle: DeltaTable, version: int, key: Sequence[str]) -> pl.LazyFrame:
    """Return the rows of a table with `_version` that were added or changed after a version.

    If rows or tracked values were removed since, also return the rows of that version that have
    been changed or removed, as they were.

    Raises:
        NoVersionError: the files of that version are needed, and have been deleted.
    """
    changed = scan(handle).filter(pl.col("_version") > version)
    if not is_marked_since(handle, REMOVED, version):
        return changed
    before = open_version(handle, version)
    old, new = data_files.files(before), data_files.files(handle)
    gone = data_files.scan_files(before, old.join(new, on="path", how="anti")["path"])
    added = data_files.scan_files(handle, new.join(old, on="path", how="anti")["path"])
    kept = added.filter(pl.col("_version") <= version)
    replaced = gone.drop("_file").join(kept, on=[*key, "_version"], how="anti")
    return pl.concat([changed, replaced], how="diagonal")


def keeps_removed_rows(handle: DeltaTable, version: int) -> bool:
    """Return whether `changed_since` can read the rows that were removed after a version."""
    if is_marked_since(handle, REMOVED, version):
        try:
            open_version(handle, version)
        except NoVersionError:
            return False
    return True


def matching(handle: DeltaTable, wanted: pl.DataFrame, *, is_key: bool = False) -> pl.LazyFrame:
    """Return the rows that match a row of `wanted` in all of its columns.

    Add `_file`, the path of the file that holds the row.

    Args:
        handle: on the table.
        wanted: the values to look for.
        is_key: whether no two rows of the table match the same values. If the files with the
            newest rows hold as many rows as values, the others are not read.
    """
    files = data_files.files(handle)
    check_sizes(handle)
    newest = files.filter(pl.col("last_version") == pl.col("last_version").max())
    # After a rebuild, all files are the newest.
    if is_key and len(newest) < len(files) and _has_all(handle, newest, wanted):
        files = newest
    return _matching(handle, files, wanted)


def _has_all(handle: DeltaTable, files: pl.DataFrame, wanted: pl.DataFrame) -> bool:
    found = _matching(handle, files, wanted).select(pl.len()).collect(engine="streaming")
    return int(found.item()) == wanted.n_unique()


def _matching(handle: DeltaTable, files: pl.DataFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    paths = files["path"].clear() if wanted.is_empty() else files["path"]
    # Polars reads the first column of a file, and the others only if it finds a match.
    first, *others = wanted.columns
    found = data_files.scan_files(handle, paths).filter(
        pl.col(first).is_in(wanted[first].unique().implode())
    )
    return found.join(wanted.lazy(), on=wanted.columns, how="semi") if others else found
