"""The contract of gold.agg_monthly_orders."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import CALLED_OFF, MONTH, MOST, STARS_FIT_REVIEWS, STATES, UNKNOWN
from contracts.gold.fact_orders import FactOrders

LAST_DAYS = {
    "8 days early or more": -8,
    "4 to 7 days early": -4,
    "1 to 3 days early": -1,
    "on the day": 0,
    "1 to 3 days late": 3,
    "4 to 7 days late": 7,
}
"""Last day of each band, in calendar days from the estimate to the delivery."""

LATER, NEVER = "8 days late or more", "not delivered"

LATENESS = (*LAST_DAYS, LATER, NEVER)
"""Bands of calendar days from the estimate to the delivery."""

IS_LATE = col("lateness").is_in(["1 to 3 days late", "4 to 7 days late", LATER])
"""The orders were delivered after the estimated calendar day."""


class AggMonthlyOrders(
    Gold,
    key=("purchase_month", "customer_state", "lateness", "due_date_key"),
    incremental_key=("purchase_month",),
):
    """One row per month of purchase, state, lateness and due day, with sums over the orders.

    Marts add up these rows instead of reading all orders again.
    """

    purchase_month: str = column(str_matches=MONTH)
    customer_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="State of the customers (UF), or `unknown` until a customer's record arrives.",
    )
    lateness: str = column(
        isin=LATENESS,
        description="Band of calendar days from the estimate to the delivery of the orders.",
    )
    due_date_key: int = column(
        ge=0,
        description="Estimated delivery day of orders that are neither delivered nor called off, "
        "as yyyymmdd. 0 for all other orders.",
    )
    last_date_key: int = column(description="Day of the last purchase as yyyymmdd.")
    orders: int = column(
        in_range=(1, MOST),
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Number of orders.",
    )
    orders_with_items: int = column(
        in_range=(0, MOST),
        sums=(FactOrders, col("items") > 0),
        description="Number of orders with at least one item.",
    )
    items: int = column(
        in_range=(0, MOST), sums=(FactOrders, col("items")), description="Number of items."
    )
    price: Money = column(
        ge=0,
        sums=(FactOrders, col("price")),
        description="Price of all items in BRL, without freight.",
    )
    price_called_off: Money = column(
        ge=0,
        sums=(FactOrders, col("price").filter(CALLED_OFF)),
        description="Price of the items of orders called off (canceled or unavailable) in BRL.",
    )
    freight_value: Money = column(
        ge=0, sums=(FactOrders, col("freight_value")), description="Freight of all items in BRL."
    )
    days_late: int = column(
        in_range=(0, MOST),
        description="Sum of the calendar days after the estimate, of late orders only.",
    )
    reviews: int = column(
        sums=(FactOrders, col("reviews")), description="Number of reviews of the orders."
    )
    stars: int = column(
        in_range=(0, MOST), sums=(FactOrders, col("stars")), description="Sum of the review scores."
    )
    one_star_reviews: int = column(
        in_range=(0, MOST),
        sums=(FactOrders, col("one_star_reviews")),
        description="Number of reviews with score 1.",
    )
    five_star_reviews: int = column(
        in_range=(0, MOST),
        sums=(FactOrders, col("five_star_reviews")),
        description="Number of reviews with score 5.",
    )

    @rule
    def late_orders_have_days(cls) -> pl.Expr:
        """Late orders have at least one day each; other orders have none."""
        is_late = col("days_late") >= col("orders")
        return pl.when(IS_LATE).then(is_late).otherwise(col("days_late") == 0)

    @rule
    def stars_fit_the_reviews(cls) -> pl.Expr:
        """A review has one to five stars."""
        return STARS_FIT_REVIEWS

    @rule
    def scores_are_of_reviews(cls) -> pl.Expr:
        """There are no more reviews with score 1 or 5 than reviews."""
        return col("one_star_reviews") + col("five_star_reviews") <= col("reviews")
