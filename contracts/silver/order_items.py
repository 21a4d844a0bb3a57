"""The contract of silver.order_items."""

from contracts.contract import Money, Silver, Timestamp, column, planned
from contracts.domain import HEX_ID


class OrderItems(Silver, key=("order_id", "order_item_id")):
    """One row per item of an order. Two pieces of one product are two items."""

    order_id: str = column(str_matches=HEX_ID)
    order_item_id: int = column(ge=1)
    product_id: str = column(str_matches=HEX_ID)
    seller_id: str = column(str_matches=HEX_ID)
    shipping_limit_date: Timestamp = planned(nullable=True)
    price: Money = column(ge=0, description="Price of the item in BRL, without freight.")
    freight_value: Money = column(ge=0, description="Freight of the item in BRL.")
