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


def delivery_lag_days() -> pl.Expr:
    """Calendar days from purchase to delivery; null when it has not been delivered."""
    days = calendar_days("order_purchase_timestamp", "order_delivered_customer_date")
    return days.alias("delivery_lag_days")


def delivered_on_time() -> pl.Expr:
    """Delivered on the estimated day or before; null when it has not been delivered."""
    days = calendar_days("order_estimated_delivery_date", "order_delivered_customer_date")
    return (days <= 0).alias("delivered_on_time")
