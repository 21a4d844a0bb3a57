"""The contract of gold.fact_orders."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, Timestamp, column, rule
from contracts.domain import (
    MONTH,
    MOST,
    MOST_DAYS,
    ORDER_STATUSES,
    STARS_FIT_REVIEWS,
    STATES,
    UNKNOWN,
)
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate


class FactOrders(
    Gold, key=("order_id",), incremental_key=("order_id",), partition_by=("purchase_month",)
):
    """One row per order, with its milestones and the totals of its items, payments and reviews."""

    order_id: str = column()
    customer_id: str = column(references=DimCustomer)
    customer_unique_id: str = column(
        description="Person identifier, or `customer_id` until the customer's record arrives."
    )
    customer_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="State of the customer (UF), or `unknown` until the customer's record arrives.",
    )
    date_key: int = column(references=DimDate, description="Day of the purchase as yyyymmdd.")
    purchase_month: str = column(str_matches=MONTH)
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
        description="Calendar days from approval to the carrier's handover. Some are negative.",
    )
    days_in_transit: int = column(
        nullable=True,
        description="Calendar days from the carrier's handover to delivery. Some are negative.",
    )
    delivery_lag_days: int = column(
        in_range=(0, MOST_DAYS),
        nullable=True,
        description="Calendar days from purchase to delivery. A few canceled orders have a value.",
    )
    days_past_estimate: int = column(
        in_range=(-MOST_DAYS, MOST_DAYS),
        nullable=True,
        description="Calendar days from the estimate to delivery. Early is negative.",
    )
    delivered_on_time: bool = column(
        nullable=True,
        description="Whether the delivery came on the estimated calendar day or earlier.",
    )
    items: int = column(in_range=(0, MOST), description="Number of items.")
    price: Money = column(ge=0, description="Price of all items in BRL, without freight.")
    freight_value: Money = column(ge=0, description="Freight of all items in BRL.")
    total_order_value: Money = column(description="Price and freight of all items in BRL.")
    payments: int = column(ge=0, description="Number of payments.")
    payment_value: Money = column(ge=0, description="Value of all payments in BRL.")
    payment_difference: Money = column(description="Payments minus price and freight in BRL.")
    reviews: int = column()
    stars: int = column(in_range=(0, MOST))
    one_star_reviews: int = column(
        in_range=(0, MOST), description="Number of reviews of the order with score 1."
    )
    five_star_reviews: int = column(
        in_range=(0, MOST), description="Number of reviews of the order with score 5."
    )

    @rule
    def total_is_price_plus_freight(cls) -> pl.Expr:
        """The total equals price plus freight."""
        return col("total_order_value") == col("price") + col("freight_value")

    @rule
    def difference_is_payments_less_total(cls) -> pl.Expr:
        """The difference equals payments minus total."""
        return col("payment_difference") == col("payment_value") - col("total_order_value")

    @rule
    def on_time_is_not_past_estimate(cls) -> pl.Expr:
        """A delivery is on time if it is not after the estimated day."""
        return col("delivered_on_time").eq_missing(col("days_past_estimate") <= 0)

    @rule
    def delivery_has_all_days(cls) -> pl.Expr:
        """An order has both the days since its purchase and those past its estimate, or neither."""
        return col("delivery_lag_days").is_null() == col("days_past_estimate").is_null()

    @rule
    def stars_fit_the_reviews(cls) -> pl.Expr:
        """A review has one to five stars."""
        return STARS_FIT_REVIEWS

    @rule
    def scores_are_of_reviews(cls) -> pl.Expr:
        """There are no more reviews with score 1 or 5 than reviews."""
        return col("one_star_reviews") + col("five_star_reviews") <= col("reviews")
