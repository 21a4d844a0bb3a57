"""The contract of gold.mart_seller_scorecard."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.gold.agg_monthly_sellers import AggMonthlySellers


class MartSellerScorecard(Gold, key=("seller_id",), incremental_key=("seller_id",)):
    """One row per seller with an item ordered, over all time.

    An order counts once for each of its sellers. Delivery and score are those of the whole order:
    the source does not say which of several sellers was late.
    """

    seller_id: str = column()
    orders: int = column(
        ge=0,
        sums=(AggMonthlySellers, col("orders")),
        description="Number of orders with at least one item of the seller.",
    )
    units: int = column(
        sums=(AggMonthlySellers, col("units")), description="Number of items ordered."
    )
    sales: Money = column(
        ge=0,
        sums=(AggMonthlySellers, col("sales")),
        description="Price of the items in BRL, without freight.",
    )
    freight_value: Money = column(
        ge=0,
        sums=(AggMonthlySellers, col("freight_value")),
        description="Freight of the items in BRL.",
    )
    called_off: int = column(
        ge=0,
        sums=(AggMonthlySellers, col("called_off")),
        description="Number of orders called off (canceled or unavailable).",
    )
    called_off_share: float = column(
        in_range=(0, 1), nullable=True, description="Orders called off as a fraction of all orders."
    )
    delivered: int = column(
        sums=(AggMonthlySellers, col("delivered")),
        description="Number of delivered orders with a delivery date.",
    )
    on_time: int = column(
        ge=0,
        sums=(AggMonthlySellers, col("on_time")),
        description="Number of orders delivered on the estimated calendar day or earlier.",
    )
    on_time_share: float = column(
        in_range=(0, 1),
        nullable=True,
        description="Orders on time as a fraction of those delivered.",
    )
    mean_lag_days: float = column(
        ge=0, nullable=True, description="Mean of the calendar days from purchase to delivery."
    )
    reviews: int = column(
        ge=0,
        sums=(AggMonthlySellers, col("reviews")),
        description="Number of reviews of the orders.",
    )
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="Mean review score, from 1 to 5."
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
