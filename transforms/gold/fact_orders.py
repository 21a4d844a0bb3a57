"""gold.fact_orders."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.fact_orders import FactOrders
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.orders import Orders
from transforms.gold.dates import calendar_days, date_key, delivered_on_time, delivery_lag_days

PURCHASED = "order_purchase_timestamp"
APPROVED = "order_approved_at"
SHIPPED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"


def fact_orders(
    orders: Annotated[LazyFrame, Orders],
    order_items: Annotated[LazyFrame, OrderItems],
    order_payments: Annotated[LazyFrame, OrderPayments],
) -> Annotated[LazyFrame, FactOrders]:
    """Sum the items and payments of each order, and count the days between its milestones."""
    sold = order_items.group_by("order_id").agg(
        items=pl.len(), price=col("price").sum(), freight_value=col("freight_value").sum()
    )
    paid = order_payments.group_by("order_id").agg(
        payments=pl.len(), payment_value=col("payment_value").sum()
    )
    counts = col("items", "payments").fill_null(0).cast(pl.Int64)
    amounts = col("price", "freight_value", "payment_value")
    total = (col("price") + col("freight_value")).cast(REAIS)
    return (
        orders.join(sold, on="order_id", how="left")
        .join(paid, on="order_id", how="left")
        .with_columns(counts, amounts.fill_null(0).cast(REAIS))
        .select(
            "order_id",
            "customer_id",
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
            delivery_lag_days(),
            delivered_on_time(),
            days_to_approval=calendar_days(PURCHASED, APPROVED),
            days_to_carrier=calendar_days(APPROVED, SHIPPED),
            days_in_transit=calendar_days(SHIPPED, DELIVERED),
            days_past_estimate=calendar_days(ESTIMATED, DELIVERED),
            total_order_value=total,
            payment_difference=(col("payment_value") - total).cast(REAIS),
        )
    )
