"""gold.fact_sales."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.gold.fact_sales import FactSales
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.orders import Orders
from contracts.vocabulary import REAIS
from transforms.gold.allocation import allocate
from transforms.gold.dates import calendar_days, date_key

PURCHASED = "order_purchase_timestamp"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"


def fact_sales(
    orders: Annotated[LazyFrame, Orders],
    order_items: Annotated[LazyFrame, OrderItems],
    order_payments: Annotated[LazyFrame, OrderPayments],
) -> Annotated[LazyFrame, FactSales]:
    """Join each item to its order; an item whose order has not come yet waits in silver."""
    paid = order_payments.group_by("order_id").agg(paid=col("payment_value").sum())
    return (
        order_items.join(orders, on="order_id")
        .join(paid, on="order_id", how="left")
        .with_columns(
            col("paid").fill_null(0),
            total_order_item_value=(col("price") + col("freight_value")).cast(REAIS),
        )
        .pipe(
            allocate,
            amount="paid",
            by="total_order_item_value",
            key=("order_id", "order_item_id"),
            into="allocated_payment_value",
        )
        .select(
            "order_id",
            "order_item_id",
            "customer_id",
            "product_id",
            "seller_id",
            date_key(PURCHASED),
            "order_status",
            "price",
            "freight_value",
            "total_order_item_value",
            "allocated_payment_value",
            purchase_month=col(PURCHASED).dt.strftime("%Y-%m"),
            delivery_lag_days=calendar_days(PURCHASED, DELIVERED),
            delivered_on_time=calendar_days(ESTIMATED, DELIVERED) <= 0,
        )
    )
