"""History: what was true when, from all versions of a record."""

from collections.abc import Sequence

import polars as pl
import polars.selectors as cs
from polars import LazyFrame, col

from transforms.deduplication import latest_versions
from transforms.wall_clock import to_utc


def intervals(versions: LazyFrame, key: Sequence[str], tracked: Sequence[str]) -> LazyFrame:
    """Merge the versions of each key into intervals in which the tracked columns keep their values.

    An interval begins at the event time of its first version and ends where the next one begins. Of
    versions with the same event time, only the one that silver would keep counts. A delete begins
    an interval without values. A version without event time comes before all others, and its
    interval has no `valid_from`.

    Args:
        versions: columns of a silver table and `SILVER_PROVENANCE`, any number of rows per key;
            `_is_delete` marks deletes, and may be missing if there are none.
        key: the natural key.
        tracked: the columns whose changes matter.

    Shape: the key, the tracked columns, `valid_from`, `valid_to` (null if nothing follows),
    `is_current` and `is_deleted`; one row per interval, sorted by key and `valid_from`.
    """
    if _IS_DELETE not in versions.collect_schema():
        versions = versions.with_columns(pl.lit(value=False).alias(_IS_DELETE))
    time, deleted = col("_event_time"), col(_IS_DELETE)
    values = [pl.when(~deleted).then(name).alias(name) for name in tracked]
    is_first = _differs(key)
    starts = (
        latest_versions(versions, [*key, "_event_time"])
        .select(*key, *values, "_event_time", _IS_DELETE)
        .sort(*key, "_event_time")
        .filter(is_first | _differs([*tracked, _IS_DELETE]))
    )
    is_last = is_first.shift(-1, fill_value=True)
    return starts.select(
        *key,
        *tracked,
        valid_from=time,
        valid_to=pl.when(~is_last).then(time.shift(-1)),
        is_current=is_last & ~deleted,
        is_deleted=deleted,
    )


def only_versions(rows: LazyFrame, key: Sequence[str], tracked: Sequence[str]) -> LazyFrame:
    """Return what `intervals` returns for silver rows that are the only versions of their keys.

    Shape: as that of `intervals`, in the order of the rows.
    """
    return rows.select(
        *key,
        *tracked,
        valid_from=col("_event_time"),
        valid_to=pl.lit(None, _INSTANT),
        is_current=pl.lit(value=True),
        is_deleted=pl.lit(value=False),
    )


def as_of(rows: LazyFrame, history: LazyFrame, *, on: str | Sequence[str], at: str) -> LazyFrame:
    """Join rows to the version of a record that held at the time of each row.

    Args:
        rows: rows that refer to a record, such as those of a fact.
        history: the rows of a history table.
        on: the natural key of the record, one column or several, which both have.
        at: the column of `rows` with the time: an instant, or a wall clock without a zone.

    Shape: the rows in their order, with the tracked columns; these are null before the first
    version, while the record is deleted, and for an unknown key or time. A tracked column of which
    the rows have the name gets the suffix `_right`.
    """
    key = [on] if isinstance(on, str) else [*on]
    versions = history.select(
        *key,
        ~cs.by_name(*key, "valid_from", "valid_to", "is_current", "is_deleted"),
        # A version without a time holds before all others.
        _at=col("valid_from").fill_null(pl.datetime(1, 1, 1, time_zone="UTC")),
    ).sort("_at")
    has_zone = getattr(rows.collect_schema()[at], "time_zone", None)
    instant = col(at) if has_zone else to_utc(col(at).cast(pl.Datetime("us")))
    timed = rows.with_row_index("_row").with_columns(_at=instant.cast(_INSTANT))
    joined = timed.drop_nulls("_at").sort("_at").join_asof(versions, on="_at", by=key)
    return (
        pl.concat([joined, timed.filter(col("_at").is_null())], how="diagonal")
        .sort("_row")
        .drop("_row", "_at")
    )


_INSTANT = pl.Datetime("us", "UTC")
_IS_DELETE = "_is_delete"


def _differs(columns: Sequence[str]) -> pl.Expr:
    """Return whether a row differs from the one before it in any column."""
    changed = (col(name).ne_missing(col(name).shift()) for name in columns)
    return pl.any_horizontal(changed)
