"""gold.agg_monthly_sellers."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, DELIVERED, REAIS
from contracts.gold.agg_monthly_sellers import IS_ORDER, AggMonthlySellers
from contracts.gold.fact_sales import FactSales


def agg_monthly_sellers(
    sales: Annotated[LazyFrame, FactSales],
) -> Annotated[LazyFrame, AggMonthlySellers]:
    """Sum the items by month of purchase and seller, and count how their orders ended."""
    is_delivered = IS_ORDER & DELIVERED
    # A sum of many small groups is much faster than a sum of filtered rows of each group.
    return (
        sales.select(
            "purchase_month",
            "seller_id",
            "price",
            "freight_value",
            pl.when(IS_ORDER).then(col("reviews", "stars")).otherwise(0),
            lag_days=pl.when(is_delivered).then("delivery_lag_days"),
            orders=IS_ORDER.cast(pl.Int64),
            units=pl.lit(1, pl.Int64),
            called_off=(IS_ORDER & CALLED_OFF).cast(pl.Int64),
            delivered=is_delivered.cast(pl.Int64),
            on_time=(is_delivered & col("delivered_on_time")).cast(pl.Int64),
        )
        .group_by("purchase_month", "seller_id")
        .agg(pl.all().sum())
        .with_columns(col("price", "freight_value").cast(REAIS))
        .rename({"price": "sales"})
    )
