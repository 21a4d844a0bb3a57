"""gold.mart_weekday_sales: its contract and its function."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.contract import Gold, Money, column
from contracts.domain import REAIS
from contracts.gold.fact_orders import FactOrders


class MartWeekdaySales(Gold, key=("weekday",)):
    """One row per weekday with orders."""

    weekday: int = column(in_range=(1, 7), description="Day of the week; Monday is 1.")
    orders: int = column(ge=1, description="Number of orders.")
    gmv: Money = column(
        ge=0,
        sums=(FactOrders, col("price")),  # the weekdays must add up to all orders
        description="Price of all items ordered, without freight, in BRL.",
    )


def mart_weekday_sales(
    fact_orders: Annotated[LazyFrame, FactOrders],
) -> Annotated[LazyFrame, MartWeekdaySales]:
    """Add up the orders of each weekday."""
    weekday = col("order_purchase_timestamp").dt.weekday().cast(pl.Int64)
    return fact_orders.group_by(weekday=weekday).agg(
        orders=pl.len().cast(pl.Int64), gmv=col("price").sum().cast(REAIS)
    )
