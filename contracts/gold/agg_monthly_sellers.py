"""The contract of gold.agg_monthly_sellers."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import CALLED_OFF, DELIVERED, MONTH, MOST, STARS_FIT_REVIEWS
from contracts.gold.fact_sales import FactSales

IS_ORDER = col("is_first_of_seller")
"""Whether an item stands for its order among the orders of a seller."""


class AggMonthlySellers(
    Gold,
    key=("purchase_month", "seller_id"),
    incremental_key=("purchase_month",),
    partition_by=("purchase_month",),
):
    """One row per month of purchase and seller, with sums over the items and their orders.

    An order counts once for each of its sellers.
    """

    purchase_month: str = column(str_matches=MONTH)
    seller_id: str = column()
    orders: int = column(
        sums=(FactSales, IS_ORDER),
        description="Number of orders with at least one item of the seller.",
    )
    units: int = column(
        in_range=(1, MOST),
        sums=(FactSales, col("order_id").is_not_null()),
        description="Number of items ordered.",
    )
    sales: Money = column(
        ge=0,
        sums=(FactSales, col("price")),
        description="Price of the items in BRL, without freight.",
    )
    freight_value: Money = column(
        ge=0, sums=(FactSales, col("freight_value")), description="Freight of the items in BRL."
    )
    called_off: int = column(
        in_range=(0, MOST),
        sums=(FactSales, IS_ORDER & CALLED_OFF),
        description="Number of orders called off (canceled or unavailable).",
    )
    delivered: int = column(
        in_range=(0, MOST),
        sums=(FactSales, IS_ORDER & DELIVERED),
        description="Number of delivered orders with a delivery date.",
    )
    on_time: int = column(
        in_range=(0, MOST),
        description="Number of orders delivered on the estimated calendar day or earlier.",
    )
    lag_days: int = column(
        in_range=(0, MOST),
        description="Sum of the calendar days from purchase to delivery over delivered orders.",
    )
    reviews: int = column(
        sums=(FactSales, col("reviews").filter(IS_ORDER)),
        description="Number of reviews of the orders.",
    )
    stars: int = column(
        in_range=(0, MOST),
        sums=(FactSales, col("stars").filter(IS_ORDER)),
        description="Sum of the scores of those reviews.",
    )

    @rule
    def orders_are_at_most_units(cls) -> pl.Expr:
        """There are no more orders than items."""
        return col("orders") <= col("units")

    @rule
    def parts_are_at_most_orders(cls) -> pl.Expr:
        """Called off plus delivered is at most orders, and on time is at most delivered."""
        ends = col("called_off") + col("delivered")
        return (ends <= col("orders")) & (col("on_time") <= col("delivered"))

    @rule
    def stars_fit_the_reviews(cls) -> pl.Expr:
        """A review has one to five stars."""
        return STARS_FIT_REVIEWS
