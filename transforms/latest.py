"""One row per key: the latest version of a record."""

from collections.abc import Sequence

import polars as pl
from polars import col


def latest(versions: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Keep, per key, the version with the latest `_event_time`.

    Versions of the same moment are compared by their contents, column by column, so that the
    choice belongs to the records and not to the order in which they came. Shape: the columns of
    `versions`, one row per key, in no order.
    """
    contents = [name for name in versions.collect_schema() if name not in key]
    marked = versions.with_columns(_contested=pl.struct(key).is_duplicated())
    winners = (
        marked.filter("_contested")
        .sort(col("_event_time"), *contents)
        .unique(subset=key, keep="last", maintain_order=True)
    )
    # Most keys come once: only the contested ones are worth sorting.
    return pl.concat([marked.filter(~col("_contested")), winners]).drop("_contested")
