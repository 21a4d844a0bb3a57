"""silver.order_items."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.order_items import OrderItems
from transforms.parse import integer, money, text, timestamp


def order_items(
    raw: Annotated[LazyFrame, bronze.OrderItems],
) -> Annotated[LazyFrame, OrderItems]:
    """Type each order item record."""
    return raw.select(
        text("order_id"),
        integer("order_item_id"),
        text("product_id"),
        text("seller_id"),
        timestamp("shipping_limit_date"),
        money("price"),
        money("freight_value"),
    )
