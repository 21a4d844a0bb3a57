"""gold.mart_delivery_by_state."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import DELIVERED, REAIS, UNKNOWN
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.mart_delivery_by_state import OVERDUE, MartDeliveryByState
from transforms.gold.marts import review_scores
from transforms.gold.ratios import average, share


def mart_delivery_by_state(
    orders: Annotated[LazyFrame, FactOrders],
    customers: Annotated[LazyFrame, DimCustomer],
    reviews: Annotated[LazyFrame, FactReviews],
) -> Annotated[LazyFrame, MartDeliveryByState]:
    """Sum deliveries, delays and freight by the state of the customer."""
    state = customers.select("customer_id", "customer_state")
    sent = (
        orders.drop("customer_state")
        .join(state, on="customer_id", how="left")
        .with_columns(col("customer_state").fill_null(UNKNOWN), overdue=OVERDUE)
    )
    scored = review_scores(sent.filter(DELIVERED), reviews, "customer_state")
    lag = col("delivery_lag_days").filter(DELIVERED)
    days_late = col("days_past_estimate").filter(DELIVERED, col("days_past_estimate") > 0)
    return (
        sent.group_by("customer_state")
        .agg(
            orders=pl.len(),
            with_items=(col("items") > 0).sum(),
            delivered=DELIVERED.sum(),
            on_time=(DELIVERED & col("delivered_on_time")).sum(),
            mean_lag_days=lag.mean(),
            p90_lag_days=lag.quantile(0.9, "equiprobable"),
            late=days_late.len(),
            mean_days_late=days_late.mean(),
            overdue=col("overdue").sum(),
            gmv=col("price").sum().cast(REAIS),
            freight_value=col("freight_value").sum().cast(REAIS),
        )
        .join(scored, on="customer_state", how="left")
        .select(
            "customer_state",
            col("orders", "delivered", "on_time", "late", "overdue", "reviews")
            .fill_null(0)
            .cast(pl.Int64),
            "mean_lag_days",
            "p90_lag_days",
            "mean_days_late",
            "review_score",
            "gmv",
            "freight_value",
            on_time_share=share("on_time", "delivered"),
            freight_share=share("freight_value", col("gmv") + col("freight_value")),
            freight_per_order=average("freight_value", "with_items"),
        )
    )
