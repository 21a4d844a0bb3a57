"""The contract of gold.fact_orders."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, Timestamp, column, rule
from contracts.domain import ORDER_STATUSES
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate


class FactOrders(
    Gold, key=("order_id",), incremental_key=("order_id",), sort_by=("order_purchase_timestamp",)
):
    """One row per order: its milestones, the days between them, its items and its payments."""

    order_id: str = column()
    customer_id: str = column(references=DimCustomer)
    date_key: int = column(references=DimDate, description="The day of purchase.")
    order_status: str = column(isin=ORDER_STATUSES)
    order_purchase_timestamp: Timestamp = column()
    order_approved_at: Timestamp = column(nullable=True)
    order_delivered_carrier_date: Timestamp = column(nullable=True)
    order_delivered_customer_date: Timestamp = column(nullable=True)
    order_estimated_delivery_date: Timestamp = column()
    days_to_approval: int = column(
        nullable=True, description="Calendar days from purchase to approval."
    )
    days_to_carrier: int = column(
        nullable=True,
        description="Calendar days from approval to carrier; below zero where the source says so.",
    )
    days_in_transit: int = column(
        nullable=True,
        description="Calendar days from carrier to customer; below zero where the source says so.",
    )
    delivery_lag_days: int = column(
        ge=0,
        nullable=True,
        description="Calendar days from purchase to delivery; a few canceled orders have one, too.",
    )
    days_past_estimate: int = column(
        nullable=True, description="Calendar days from estimate to delivery; early is below zero."
    )
    delivered_on_time: bool = column(
        nullable=True, description="Delivered on the estimated calendar day or before."
    )
    items: int = column(ge=0)
    price: Money = column(ge=0, description="R$, all items.")
    freight_value: Money = column(ge=0, description="R$, all items.")
    total_order_value: Money = column(description="R$: price + freight.")
    payments: int = column(ge=0)
    payment_value: Money = column(ge=0, description="R$, all payments.")
    payment_difference: Money = column(description="R$: payments less total.")

    @rule
    def total_is_price_plus_freight(cls) -> pl.Expr:
        """The parts add up, to the cent."""
        return col("total_order_value") == col("price") + col("freight_value")

    @rule
    def difference_is_payments_less_total(cls) -> pl.Expr:
        """What was paid too much or too little, to the cent."""
        return col("payment_difference") == col("payment_value") - col("total_order_value")
