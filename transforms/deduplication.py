"""One row per key: the latest version of a record."""

from collections.abc import Sequence

import polars as pl
from polars import col


def latest_versions(versions: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Keep, per key, the version with the latest `_event_time`.

    Versions of the same moment are ordered by the name of their source, then by `_position`, then
    by their contents, column by column. So the later row of a file wins, and the later offset of a
    partition; of two files, the one whose name sorts last. The order belongs to the records: in
    which order they arrived does not matter. Shape: the columns of `versions`, one row per key, in
    no order.
    """
    contents = [name for name in versions.collect_schema() if name not in key]
    marked = versions.with_columns(_contested=pl.struct(key).is_duplicated())
    winners = (
        marked.filter("_contested")
        .sort(col("_event_time"), _SOURCE_NAME, col("_position"), *contents)
        .unique(subset=key, keep="last", maintain_order=True)
    )
    # Most keys come once: only the contested ones are worth sorting.
    return pl.concat([marked.filter(~col("_contested")), winners]).drop("_contested")


# The digest of a file says nothing about when it was written.
_SOURCE_NAME = col("_source").str.replace("^file/[0-9a-f]{64}/", "file/")
