"""gold.agg_monthly_deliveries."""

from typing import Annotated

import polars as pl
from polars import LazyFrame

from contracts.domain import DELIVERED
from contracts.gold.agg_monthly_deliveries import AggMonthlyDeliveries
from contracts.gold.fact_orders import FactOrders


def agg_monthly_deliveries(
    orders: Annotated[LazyFrame, FactOrders],
) -> Annotated[LazyFrame, AggMonthlyDeliveries]:
    """Count the delivered orders by month of purchase, state and days to delivery."""
    return (
        orders.filter(DELIVERED)
        .group_by("purchase_month", "customer_state", "delivery_lag_days")
        .agg(delivered=pl.len().cast(pl.Int64))
    )
