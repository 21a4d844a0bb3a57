"""The contract of silver.orders."""

import polars as pl
from polars import col

from contracts.contract import Silver, Timestamp, column, planned, rule, warning
from contracts.domain import HEX_ID, ORDER_STATUSES


class Orders(
    Silver,
    key=("order_id",),
    sort_by=("order_purchase_timestamp",),
    history=("order_status",),
):
    """One row per order, in its latest version."""

    order_id: str = column(str_matches=HEX_ID)
    customer_id: str = column(str_matches=HEX_ID)
    order_status: str = column(isin=ORDER_STATUSES)
    order_purchase_timestamp: Timestamp = column()
    order_approved_at: Timestamp = column(nullable=True)
    order_delivered_carrier_date: Timestamp = column(nullable=True)
    order_delivered_customer_date: Timestamp = column(nullable=True)
    order_estimated_delivery_date: Timestamp = planned()

    @rule
    def estimated_not_before_purchased(cls) -> pl.Expr:
        """The estimated delivery is on the day of the purchase or later."""
        estimated, purchased = "order_estimated_delivery_date", "order_purchase_timestamp"
        return col(estimated).dt.date() >= col(purchased).dt.date()

    @rule
    def delivered_not_before_purchased(cls) -> pl.Expr:
        """The delivery is not before the purchase."""
        return col("order_delivered_customer_date") >= col("order_purchase_timestamp")

    @warning
    def carrier_not_before_approval(cls) -> pl.Expr:
        """The carrier's handover is not before the payment approval."""
        return col("order_delivered_carrier_date") >= col("order_approved_at")

    @warning
    def delivered_not_before_carrier(cls) -> pl.Expr:
        """The delivery is not before the carrier's handover."""
        return col("order_delivered_customer_date") >= col("order_delivered_carrier_date")

    @warning
    def delivered_with_a_date(cls) -> pl.Expr:
        """A delivered order has a delivery date."""
        delivered = col("order_status") == "delivered"
        return ~delivered | col("order_delivered_customer_date").is_not_null()
