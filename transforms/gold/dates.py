"""Calendar days, as facts and dim_date count them."""

import polars as pl


def date_key(moment: str) -> pl.Expr:
    """Return the day of a timestamp column as the integer yyyymmdd."""
    day = pl.col(moment).dt
    return (
        day.year().cast(pl.Int64) * 10_000 + day.month().cast(pl.Int64) * 100 + day.day()
    ).alias("date_key")


def calendar_days(start: str, end: str) -> pl.Expr:
    """Count the midnights between two timestamp columns; null when either is."""
    return (pl.col(end).dt.date() - pl.col(start).dt.date()).dt.total_days()
