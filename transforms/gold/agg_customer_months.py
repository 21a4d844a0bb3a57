"""gold.agg_customer_months."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, REAIS
from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.fact_orders import FactOrders


def agg_customer_months(
    orders: Annotated[LazyFrame, FactOrders],
) -> Annotated[LazyFrame, AggCustomerMonths]:
    """Sum the purchases of each person and month, and find the month of the first one."""
    bought = pl.when(col("purchases") > 0).then("purchase_month")
    # A sum of many small groups is much faster than a sum of filtered rows of each group.
    return (
        orders.select(
            "customer_unique_id",
            "purchase_month",
            orders=pl.lit(1, pl.Int64),
            purchases=(~CALLED_OFF).cast(pl.Int64),
            gmv=pl.when(~CALLED_OFF).then("price"),
            spent=pl.when(~CALLED_OFF).then("total_order_value"),
            last_purchase=pl.when(~CALLED_OFF).then(col("order_purchase_timestamp").dt.date()),
        )
        .group_by("customer_unique_id", "purchase_month")
        .agg(
            col("orders", "purchases").sum(),
            col("gmv", "spent").sum().cast(REAIS),
            col("last_purchase").max(),
        )
        .with_columns(cohort_month=bought.min().over("customer_unique_id"))
    )
