"""Date keys and calendar days of facts and dim_date."""

import polars as pl

from contracts.domain import HOURS


def date_key(moment: str) -> pl.Expr:
    """Return the day of a timestamp column as the integer yyyymmdd."""
    day = pl.col(moment).dt
    return (
        day.year().cast(pl.Int64) * 10_000 + day.month().cast(pl.Int64) * 100 + day.day()
    ).alias("date_key")


def month(moment: str) -> pl.Expr:
    """Return the month of a timestamp column as yyyy-mm."""
    return pl.col(moment).dt.strftime("%Y-%m")


def first_day(month: str) -> pl.Expr:
    """Return the first day of a month column of the form yyyy-mm."""
    return pl.col(month).str.to_date("%Y-%m")


def calendar_days(start: str, end: str) -> pl.Expr:
    """Return the calendar days between two timestamp columns; null if either is null."""
    return (pl.col(end).dt.date() - pl.col(start).dt.date()).dt.total_days()


def hours_between(start: str, end: str) -> pl.Expr:
    """Return the hours between two timestamp columns; null if either is null."""
    return hours((pl.col(end) - pl.col(start)).dt.total_seconds())


def hours(seconds: pl.Expr) -> pl.Expr:
    """Return whole seconds as hours, rounded to a hundredth, half of it upwards."""
    hundredths = (seconds + 18) // 36
    return (hundredths.cast(pl.Decimal(38, 2)) / 100).cast(HOURS)


def delivery_lag_days() -> pl.Expr:
    """Return the calendar days from purchase to delivery; null without a delivery."""
    days = calendar_days("order_purchase_timestamp", "order_delivered_customer_date")
    return days.alias("delivery_lag_days")


def delivered_on_time() -> pl.Expr:
    """Return whether the delivery came on the estimated day or earlier; null without a delivery."""
    days = calendar_days("order_estimated_delivery_date", "order_delivered_customer_date")
    return (days <= 0).alias("delivered_on_time")
