"""silver.orders."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.orders import Orders
from transforms.parse import text, timestamp


def orders(raw: Annotated[LazyFrame, bronze.Orders]) -> Annotated[LazyFrame, Orders]:
    """Type each order record."""
    return raw.select(
        text("order_id"),
        text("customer_id"),
        text("order_status"),
        timestamp("order_purchase_timestamp"),
        timestamp("order_approved_at"),
        timestamp("order_delivered_carrier_date"),
        timestamp("order_delivered_customer_date"),
        timestamp("order_estimated_delivery_date"),
    )
