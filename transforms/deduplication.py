"""Deduplication: the latest version of each record."""

from collections.abc import Sequence

import polars as pl
from polars import col


def all_versions(upserts: pl.LazyFrame, deletes: pl.LazyFrame) -> pl.LazyFrame:
    """Return the versions of each key, from its valid upserts and deletes.

    Shape: `_is_delete` and the columns of `upserts`; those that a delete lacks are null in it.
    """
    kinds = [
        frame.select(pl.lit(is_delete).alias("_is_delete"), pl.all())
        for frame, is_delete in ((upserts, False), (deletes, True))
    ]
    return pl.concat(kinds, how="diagonal")


def latest_versions(versions: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Keep, per key, the version with the latest `_event_time`.

    Ties are broken by the source name, then by `_position`, then by the contents, column by column.
    So the later row of a file, the later offset of a partition and the file whose name sorts last
    win. Of versions from `all_versions` that are equal so far, a delete wins. The order in which
    records arrived does not matter.

    Shape: the columns of `versions`, one row per key, in no particular order.
    """
    contents = [name for name in versions.collect_schema() if name not in key]
    marked = versions.with_columns(_is_repeated=pl.struct(key).is_duplicated())
    winners = (
        marked.filter("_is_repeated")
        .sort(col("_event_time"), _SOURCE_NAME, col("_position"), *contents)
        .unique(subset=key, keep="last", maintain_order=True)
    )
    # Most keys have one version, so only the others are sorted.
    return pl.concat([marked.filter(~col("_is_repeated")), winners]).drop("_is_repeated")


# The digest of a file does not order files by time.
_SOURCE_NAME = col("_source").str.replace("^file/[0-9a-f]{64}/", "file/")
