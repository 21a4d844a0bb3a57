"""Rows in the place of others, in as few files as hold them."""

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
    over: pl.DataFrame,
    carried: CommitProperties,
) -> None:
    """Put rows in the place of others, or add them; rewrites the files that held the others.

    Where a whole row goes, or a value by which readers find what a change affects, `_version`
    cannot show it, and they have to begin anew.

    Args:
        table: whose rows they are.
        handle: as for `delta.append`, which it raises as.
        data: the new rows.
        over: the rows that go, from `delta.matching`.
        carried: from `delta.commit_properties`.

    Raises:
        ConservationError: other rows would be there afterwards than these and those that stay.
    """
    key = table.contract.spec().key
    files = data_files.files(handle)
    small = pl.col("num_records") < SMALL_FILE_ROWS
    touched = pl.col("path").is_in(over["_file"].unique().implode())
    # Small files are put together, those that are touched now and all when they become many.
    folded = files.filter(small & (touched | (small.sum().over("partition") > _MANY)))
    rewritten = files.filter(touched & ~small)
    new = pl.concat([_rest(handle, folded, over, key), delta.stamped(handle, data)], how="diagonal")
    kept = (_rest(handle, file, over, key) for file in rewritten.iter_slices(1))
    written = data_files.write_files(handle, chain([new], kept))
    removed = pl.concat([rewritten, folded])
    _conserve(table, int(removed["num_records"].sum()) + len(data), written.rows + len(over))
    if _went(data, over, [*{*key, *table.tracked_columns}]):
        carried = delta.with_rebuild_marker(handle, carried)
    gone = data_files.without(removed)
    delta.commit(handle, [*gone, *written.actions], carried, next_version=True)


SMALL_FILE_ROWS = 50_000
"""Rows of a file; with fewer it is put together with others when there is occasion."""

_MANY = 16


def _conserve(table: Table, came: int, stay_or_go: int) -> None:
    if came != stay_or_go:
        message = (
            f"{table.name}: its files had {came} rows with the new ones, but {stay_or_go} would "
            f"stay or go; nothing was written; `keystone refresh --rebuild` makes the table anew"
        )
        raise ConservationError(message)


def _went(data: pl.DataFrame, over: pl.DataFrame, columns: list[str]) -> bool:
    return len(over.join(data, on=columns, how="anti", nulls_equal=True)) > 0


def _rest(
    handle: DeltaTable, files: pl.DataFrame, over: pl.DataFrame, key: Sequence[str]
) -> pl.DataFrame:
    """Read the rows of some files that stay."""
    if files.is_empty():
        return delta.scan(handle).clear().collect()
    found = data_files.scan_files(handle, files["path"]).drop("_file")
    return found.join(over.lazy().select(key), on=key, how="anti").collect(engine="streaming")
