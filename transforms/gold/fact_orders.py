"""gold.fact_orders."""

from typing import Annotated

import polars as pl
import polars.selectors as cs
from polars import LazyFrame, col

from contracts.domain import REAIS, UNKNOWN
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.dates import (
    calendar_days,
    date_key,
    delivered_on_time,
    delivery_lag_days,
    month,
)
from transforms.gold.order_totals import ONE, order_totals

PURCHASED = "order_purchase_timestamp"
APPROVED = "order_approved_at"
SHIPPED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"
WORST, BEST = 1, 5


def fact_orders(
    orders: Annotated[LazyFrame, Orders],
    order_items: Annotated[LazyFrame, OrderItems],
    order_payments: Annotated[LazyFrame, OrderPayments],
    order_reviews: Annotated[LazyFrame, OrderReviews],
    customers: Annotated[LazyFrame, DimCustomer],
) -> Annotated[LazyFrame, FactOrders]:
    """Add the customer, the days between milestones and the totals of its parts to each order."""
    score = col("review_score")
    totals = order_totals(
        order_items.select("order_id", "price", "freight_value", items=ONE),
        order_payments.select("order_id", "payment_value", payments=ONE),
        order_reviews.select(
            "order_id",
            reviews=ONE,
            stars=score,
            one_star_reviews=(score == WORST).cast(pl.Int64),
            five_star_reviews=(score == BEST).cast(pl.Int64),
        ),
    )
    people = customers.select("customer_id", "customer_unique_id", "customer_state")
    total = (col("price") + col("freight_value")).cast(REAIS)
    return (
        orders.join(totals, on="order_id", how="left")
        .join(people, on="customer_id", how="left")
        .with_columns(cs.integer().fill_null(0), cs.decimal().fill_null(0).cast(REAIS))
        .select(
            "order_id",
            "customer_id",
            col("customer_unique_id").fill_null(col("customer_id")),
            col("customer_state").fill_null(UNKNOWN),
            date_key(PURCHASED),
            "order_status",
            PURCHASED,
            APPROVED,
            SHIPPED,
            DELIVERED,
            ESTIMATED,
            "items",
            "price",
            "freight_value",
            "payments",
            "payment_value",
            "reviews",
            "stars",
            "one_star_reviews",
            "five_star_reviews",
            delivery_lag_days(),
            delivered_on_time(),
            purchase_month=month(PURCHASED),
            days_to_approval=calendar_days(PURCHASED, APPROVED),
            days_to_carrier=calendar_days(APPROVED, SHIPPED),
            days_in_transit=calendar_days(SHIPPED, DELIVERED),
            days_past_estimate=calendar_days(ESTIMATED, DELIVERED),
            total_order_value=total,
            payment_difference=(col("payment_value") - total).cast(REAIS),
        )
    )
