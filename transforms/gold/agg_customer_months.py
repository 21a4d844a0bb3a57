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
    return (
        orders.group_by("customer_unique_id", "purchase_month")
        .agg(
            orders=pl.len().cast(pl.Int64),
            purchases=(~CALLED_OFF).sum().cast(pl.Int64),
            gmv=col("price").filter(~CALLED_OFF).sum().cast(REAIS),
            spent=col("total_order_value").filter(~CALLED_OFF).sum().cast(REAIS),
            last_purchase=col("order_purchase_timestamp").filter(~CALLED_OFF).max().dt.date(),
        )
        .with_columns(cohort_month=bought.min().over("customer_unique_id"))
    )
