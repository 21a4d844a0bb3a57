"""Rows in the place of others, in as few files as hold them."""

from collections.abc import Collection, Sequence
from itertools import chain

import polars as pl
from deltalake import CommitProperties, DeltaTable

from flows import delta, parquet


def upsert(  # noqa: PLR0913 - two of them say what to put where, two where rows are found
    handle: DeltaTable,
    data: pl.DataFrame,
    over: pl.DataFrame,
    key: Sequence[str],
    carried: CommitProperties,
    *,
    followed: Collection[str] = (),
) -> None:
    """Put rows in the place of others, or add them; rewrites the files that held the others.

    Args:
        handle: as for `delta.append`, which it raises as.
        data: the new rows.
        over: the rows that go, from `delta.matching`.
        key: the columns that tell rows apart.
        carried: from `delta.carrying`.
        followed: the columns by which readers find what a change affects. Where such a value or a
            whole row goes, `_version` cannot show it, and readers have to begin anew.
    """
    files = parquet.files(handle)
    small = pl.col("num_records") < SMALL
    touched = pl.col("path").is_in(over["_file"].unique().implode())
    # Small files are put together, those that are touched now and all when they become many.
    folded = files.filter(small & (touched | (small.sum().over("partition") > _MANY)))
    rewritten = files.filter(touched & ~small)
    new = pl.concat([_rest(handle, folded, over, key), delta.stamped(handle, data)], how="diagonal")
    kept = (_rest(handle, file, over, key) for file in rewritten.iter_slices(1))
    written = parquet.write_files(handle, chain([new], kept))
    removed = parquet.without(pl.concat([rewritten, folded]))
    if _went(data, over, [*{*key, *followed}]):
        carried = delta.rebuilding(handle, carried)
    delta.commit(handle, [*removed, *written.actions], carried, next_version=True)


SMALL = 50_000
"""Rows of a file; with fewer it is put together with others when there is occasion."""

_MANY = 16


def _went(data: pl.DataFrame, over: pl.DataFrame, columns: list[str]) -> bool:
    return len(over.join(data, on=columns, how="anti", nulls_equal=True)) > 0


def _rest(
    handle: DeltaTable, files: pl.DataFrame, over: pl.DataFrame, key: Sequence[str]
) -> pl.DataFrame:
    """Read the rows of some files that stay."""
    if files.is_empty():
        return delta.scan(handle).clear().collect()
    found = parquet.scan_files(handle, files["path"]).drop("_file")
    return found.join(over.lazy().select(key), on=key, how="anti").collect(engine="streaming")
