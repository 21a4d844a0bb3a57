"""History: what was true when, from all versions of a record."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import polars as pl
import polars.selectors as cs
from polars import LazyFrame, col

from contracts.contract import Silver
from transforms.deduplication import latest_versions
from transforms.wall_clock import to_utc


def history_of(contract: type[Silver]) -> Callable[[LazyFrame], LazyFrame]:
    """Return the function of the history table of a silver contract."""
    key, tracked = contract.spec().key, contract.spec().history

    def history(versions: LazyFrame) -> LazyFrame:
        """Merge all versions of each key into intervals of equal values."""
        return intervals(versions, key, tracked)

    history.__name__ = contract.history().spec().name
    return history


def intervals(versions: LazyFrame, key: Sequence[str], tracked: Sequence[str]) -> LazyFrame:
    """Merge the versions of each key into intervals in which the tracked columns keep their values.

    An interval begins at the event time of its first version and ends where the next one begins. Of
    versions with the same event time, only the one that silver would keep counts. A delete begins
    an interval without values. A version without event time holds since `BEGINNING`.

    Args:
        versions: columns of a silver table and `SILVER_PROVENANCE`, any number of rows per key;
            `_is_delete` marks deletes, and may be missing if there are none.
        key: the natural key.
        tracked: the columns whose changes matter.

    Shape: the key, the tracked columns, `valid_from`, `valid_to` (null if no other one follows),
    `is_current` and `is_deleted`; one row per interval, sorted by key and `valid_from`.
    """
    if _IS_DELETE not in versions.collect_schema():
        versions = versions.with_columns(pl.lit(value=False).alias(_IS_DELETE))
    versions = versions.with_columns(_TIME)
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
        _TIME.alias("valid_from"),
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
        _at="valid_from",
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


BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
"""The time of versions without one, before that of all others."""

_INSTANT = pl.Datetime("us", "UTC")
_TIME = col("_event_time").fill_null(pl.lit(BEGINNING, _INSTANT))
_IS_DELETE = "_is_delete"


def _differs(columns: Sequence[str]) -> pl.Expr:
    """Return whether a row differs from the one before it in any column."""
    changed = (col(name).ne_missing(col(name).shift()) for name in columns)
    return pl.any_horizontal(changed)
