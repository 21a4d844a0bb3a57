"""gold.mart_customer_rfm."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.dim_month import DimMonth
from contracts.gold.mart_customer_rfm import BIG_SPENDER, RECENT_DAYS, MartCustomerRfm


def mart_customer_rfm(
    purchases: Annotated[LazyFrame, AggCustomerMonths],
    months: Annotated[LazyFrame, DimMonth],
) -> Annotated[LazyFrame, MartCustomerRfm]:
    """Sum the purchases of each person, and assign a segment by fixed limits."""
    # The months may lag behind the purchases, if another refresh is running.
    newest = pl.max_horizontal("newest", "last_purchase")
    return (
        purchases.group_by("customer_unique_id")
        .agg(
            col("orders").sum(),
            frequency=col("purchases").sum(),
            monetary=col("spent").sum().cast(REAIS),
            last_purchase=col("last_purchase").max(),
        )
        .join(months.select(newest=col("last_day").max()), how="cross")
        .with_columns(recency_days=(newest - col("last_purchase")).dt.total_days())
        .with_columns(segment=_segment())
        .drop("newest")
    )


def _segment() -> pl.Expr:
    is_recent, is_big = col("recency_days") <= RECENT_DAYS, col("monetary") >= BIG_SPENDER
    return (
        pl.when(col("frequency") == 0)
        .then(pl.lit("never bought"))
        .when((col("frequency") > 1) & is_recent)
        .then(pl.lit("loyal"))
        .when(col("frequency") > 1)
        .then(pl.lit("slipping away"))
        .when(is_recent & is_big)
        .then(pl.lit("new big spender"))
        .when(is_recent)
        .then(pl.lit("new"))
        .when(is_big)
        .then(pl.lit("big spender to win back"))
        .otherwise(pl.lit("gone"))
    )
