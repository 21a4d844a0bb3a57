"""gold.agg_monthly_orders."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, DELIVERED, REAIS
from contracts.gold.agg_monthly_orders import LAST_DAYS, LATER, NEVER, AggMonthlyOrders
from contracts.gold.fact_orders import FactOrders
from transforms.gold.dates import date_key

TOTALS = ("items", "reviews", "stars", "one_star_reviews", "five_star_reviews")


def agg_monthly_orders(
    orders: Annotated[LazyFrame, FactOrders],
) -> Annotated[LazyFrame, AggMonthlyOrders]:
    """Sum the orders by month of purchase, state, lateness and due day."""
    days = pl.when(DELIVERED).then("days_past_estimate")
    is_open = ~CALLED_OFF & (col("order_status") != "delivered")
    due = pl.when(is_open).then(date_key("order_estimated_delivery_date")).otherwise(0)
    return orders.group_by(
        "purchase_month", "customer_state", lateness=_band(days), due_date_key=due
    ).agg(
        col(TOTALS).sum(),
        last_date_key=col("date_key").max(),
        orders=pl.len().cast(pl.Int64),
        orders_with_items=(col("items") > 0).sum().cast(pl.Int64),
        price=col("price").sum().cast(REAIS),
        price_called_off=col("price").filter(CALLED_OFF).sum().cast(REAIS),
        freight_value=col("freight_value").sum().cast(REAIS),
        days_late=days.clip(0).sum(),
    )


def _band(days: pl.Expr) -> pl.Expr:
    """Return the band of a number of calendar days after the estimate. Early is negative."""
    bands = (pl.when(days <= last).then(pl.lit(name)) for name, last in LAST_DAYS.items())
    return pl.coalesce(*bands, pl.when(days.is_not_null()).then(pl.lit(LATER)), pl.lit(NEVER))
