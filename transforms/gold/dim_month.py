"""gold.dim_month."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.dim_month import DimMonth
from transforms.gold.dates import first_day


def dim_month(
    orders: Annotated[LazyFrame, AggMonthlyOrders],
) -> Annotated[LazyFrame, DimMonth]:
    """List all months from the first order to the last."""
    month = first_day("purchase_month")
    return (
        orders.select(first_day=pl.date_ranges(month.min(), month.max(), "1mo"))
        .explode("first_day")
        .drop_nulls()
        .select(
            "first_day",
            last_day=col("first_day").dt.month_end(),
            purchase_month=col("first_day").dt.strftime("%Y-%m"),
        )
    )
