"""Rows that replace others, in as few rewritten files as possible."""

from collections.abc import Sequence
from itertools import chain

import polars as pl
from deltalake import CommitProperties, DeltaTable

from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from transforms.graph import Table


def merge_rows(
    table: Table,
    handle: DeltaTable,
    data: pl.DataFrame,
    replaced_rows: pl.DataFrame,
    properties: CommitProperties,
) -> None:
    """Add rows, and remove the rows that they replace; rewrite only the files that held those.

    If a row disappears, or a tracked value that tells readers what a change affects, `_version`
    cannot show it: then mark the commit so that readers look for the old rows.

    Args:
        table: the table.
        handle: as for `delta.append`; raises as that.
        data: the new rows.
        replaced_rows: the rows to remove, from `delta.matching`.
        properties: from `delta.commit_properties`.

    Raises:
        ConservationError: the table would lose or gain other rows than these.
    """
    key = table.contract.spec().key
    files = data_files.files(handle)
    small = pl.col("num_records") < SMALL_FILE_ROWS
    touched = pl.col("path").is_in(replaced_rows["_file"].unique().implode())
    # Compact small files on the way: the touched ones, and all if there are many.
    is_many = small.sum().over("partition") > _MANY_FILES
    compacted = files.filter(small & (touched | is_many))
    rewritten = files.filter(touched & ~small)
    kept = _remaining_rows(handle, compacted, replaced_rows, key)
    new = pl.concat([kept, delta.stamped(handle, data)], how="diagonal")
    remaining = (
        _remaining_rows(handle, file, replaced_rows, key) for file in rewritten.iter_slices(1)
    )
    written = data_files.write_files(handle, chain([new], remaining))
    removed = pl.concat([rewritten, compacted])
    _check_conservation(
        table,
        before=int(removed["num_records"].sum()) + len(data),
        after=written.rows + len(replaced_rows),
    )
    if _loses_values(data, replaced_rows, [*{*key, *table.tracked_columns}]):
        properties = delta.with_marker(handle, properties, delta.REMOVED)
    removals = data_files.remove_actions(removed)
    delta.commit(handle, [*removals, *written.actions], properties, next_version=True)


SMALL_FILE_ROWS = 50_000
"""Files with fewer rows are small: they are compacted when there is occasion."""

_MANY_FILES = 16


def _check_conservation(table: Table, *, before: int, after: int) -> None:
    if before != after:
        message = (
            f"{table.name}: {before} old and new rows do not match {after} written and replaced "
            f"rows; nothing was written; `keystone refresh --rebuild` rebuilds the table"
        )
        raise ConservationError(message)


def _loses_values(data: pl.DataFrame, replaced_rows: pl.DataFrame, columns: list[str]) -> bool:
    return len(replaced_rows.join(data, on=columns, how="anti", nulls_equal=True)) > 0


def _remaining_rows(
    handle: DeltaTable, files: pl.DataFrame, replaced_rows: pl.DataFrame, key: Sequence[str]
) -> pl.DataFrame:
    """Read the rows of some files that are not replaced."""
    if files.is_empty():
        return delta.scan(handle).clear().collect()
    found = data_files.scan_files(handle, files["path"]).drop("_file")
    replaced_keys = replaced_rows.lazy().select(key)
    return found.join(replaced_keys, on=key, how="anti").collect(engine="streaming")
