"""gold.mart_customer_rfm."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, REAIS
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_customer_rfm import BIG_SPENDER, RECENT_DAYS, MartCustomerRfm
from transforms.gold.marts import with_person


def mart_customer_rfm(
    orders: Annotated[LazyFrame, FactOrders],
    customers: Annotated[LazyFrame, DimCustomer],
) -> Annotated[LazyFrame, MartCustomerRfm]:
    """Sum the purchases of each person, and assign a segment by fixed limits."""
    day = col("order_purchase_timestamp").dt.date()
    return (
        orders.pipe(with_person, customers)
        .group_by("customer_unique_id")
        .agg(
            orders=pl.len().cast(pl.Int64),
            frequency=(~CALLED_OFF).sum().cast(pl.Int64),
            monetary=col("total_order_value").filter(~CALLED_OFF).sum().cast(REAIS),
            last_purchase=day.filter(~CALLED_OFF).max(),
            last_order=day.max(),
        )
        .with_columns(recency_days=(col("last_order").max() - col("last_purchase")).dt.total_days())
        .with_columns(segment=_segment())
        .drop("last_order")
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
