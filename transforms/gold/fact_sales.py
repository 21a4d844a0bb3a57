"""gold.fact_sales."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.fact_sales import FactSales
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.orders import Orders
from transforms.gold.allocation import allocate
from transforms.gold.dates import date_key, delivered_on_time, delivery_lag_days

PURCHASED = "order_purchase_timestamp"


def fact_sales(
    orders: Annotated[LazyFrame, Orders],
    order_items: Annotated[LazyFrame, OrderItems],
    order_payments: Annotated[LazyFrame, OrderPayments],
) -> Annotated[LazyFrame, FactSales]:
    """Join each item to its order. An item without its order stays in silver until then."""
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
            delivery_lag_days(),
            delivered_on_time(),
            purchase_month=col(PURCHASED).dt.strftime("%Y-%m"),
        )
    )
