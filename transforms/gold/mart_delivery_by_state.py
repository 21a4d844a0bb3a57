"""gold.mart_delivery_by_state."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_deliveries import AggMonthlyDeliveries
from contracts.gold.agg_monthly_orders import IS_LATE, NEVER, AggMonthlyOrders
from contracts.gold.mart_delivery_by_state import IS_OVERDUE, MartDeliveryByState
from transforms.gold.ratios import average, share

PERCENT = 90


def mart_delivery_by_state(
    orders: Annotated[LazyFrame, AggMonthlyOrders],
    deliveries: Annotated[LazyFrame, AggMonthlyDeliveries],
) -> Annotated[LazyFrame, MartDeliveryByState]:
    """Sum deliveries, delays and freight by the state of the customer."""
    days, delivered = col("delivery_lag_days"), col("delivered")
    lags = (
        deliveries.group_by("customer_state", "delivery_lag_days")
        .agg(delivered.sum())
        .sort("delivery_lag_days")
        .group_by("customer_state", maintain_order=True)
        .agg(
            lag_days=(days * delivered).sum(),
            lags=delivered.sum(),
            p90_lag_days=days.filter(100 * delivered.cum_sum() >= PERCENT * delivered.sum())
            .first()
            .cast(pl.Float64),
        )
    )
    is_delivered = col("lateness") != NEVER
    return (
        orders.with_columns(is_overdue=IS_OVERDUE)
        .group_by("customer_state")
        .agg(
            col("orders", "orders_with_items", "days_late").sum(),
            col("reviews", "stars").filter(is_delivered).sum(),
            delivered=col("orders").filter(is_delivered).sum(),
            on_time=col("orders").filter(is_delivered, ~IS_LATE).sum(),
            late=col("orders").filter(IS_LATE).sum(),
            overdue=col("orders").filter("is_overdue").sum(),
            gmv=col("price").sum().cast(REAIS),
            freight_value=col("freight_value").sum().cast(REAIS),
        )
        .join(lags, on="customer_state", how="left")
        .with_columns(
            on_time_share=share("on_time", "delivered"),
            mean_lag_days=share("lag_days", "lags"),
            mean_days_late=share("days_late", "late"),
            review_score=share("stars", "reviews"),
            freight_share=share("freight_value", col("gmv") + col("freight_value")),
            freight_per_order=average("freight_value", "orders_with_items"),
        )
        .drop("orders_with_items", "days_late", "stars", "lag_days", "lags")
    )
