"""gold.dim_date."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.gold.dim_date import DimDate
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.dates import date_key

FRIDAY = 5


def dim_date(
    orders: Annotated[LazyFrame, Orders],
    order_reviews: Annotated[LazyFrame, OrderReviews],
) -> Annotated[LazyFrame, DimDate]:
    """List all days from the first year with a purchase or a review to the last."""
    year = pl.concat(
        [
            orders.select(year=col("order_purchase_timestamp").dt.year()),
            order_reviews.select(year=col("review_creation_date").dt.year()),
        ]
    ).select(first=col("year").min(), last=col("year").max())
    return (
        year.drop_nulls()
        .select(date=pl.date_ranges(pl.date("first", 1, 1), pl.date("last", 12, 31)))
        .explode("date", empty_as_null=False)
        .select(
            date_key("date"),
            "date",
            year=col("date").dt.year().cast(pl.Int64),
            quarter=col("date").dt.quarter().cast(pl.Int64),
            month=col("date").dt.month().cast(pl.Int64),
            month_name=col("date").dt.strftime("%B"),
            day=col("date").dt.day().cast(pl.Int64),
            weekday=col("date").dt.weekday().cast(pl.Int64),
            weekday_name=col("date").dt.strftime("%A"),
            is_weekend=col("date").dt.weekday() > FRIDAY,
        )
    )
