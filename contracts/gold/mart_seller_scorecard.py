"""The contract of gold.mart_seller_scorecard."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.gold.fact_sales import FactSales


class MartSellerScorecard(Gold, key=("seller_id",)):
    """One row per seller who ever sold an item, over all time.

    An order counts once for each of its sellers, however many items they have in it. Delivery and
    score are those of the whole order: of several sellers nobody knows who was late.
    """

    seller_id: str = column(description="Who sold; in `gold.fact_sales` it is a foreign key.")
    orders: int = column(ge=1, description="Orders with an item of theirs.")
    units: int = column(
        sums=(FactSales, col("order_id").is_not_null()), description="Items ordered."
    )
    sales: Money = column(
        ge=0, sums=(FactSales, col("price")), description="R$: price of the items, without freight."
    )
    freight_value: Money = column(
        ge=0, sums=(FactSales, col("freight_value")), description="R$: freight of the items."
    )
    called_off: int = column(ge=0, description="Orders canceled, or unavailable.")
    called_off_share: float = column(in_range=(0, 1), description="Of the orders.")
    delivered: int = column(description="Orders that are delivered and say when.")
    on_time: int = column(ge=0, description="Delivered on the estimated calendar day or before.")
    on_time_share: float = column(in_range=(0, 1), nullable=True, description="Of the delivered.")
    mean_lag_days: float = column(
        ge=0, nullable=True, description="Calendar days from purchase to delivery, on average."
    )
    reviews: int = column(ge=0, description="Reviews of the orders.")
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="The mean score of its reviews, from 1 to 5."
    )

    @rule
    def orders_are_at_most_units(cls) -> pl.Expr:
        """Each order has an item at least."""
        return col("orders") <= col("units")

    @rule
    def parts_are_at_most_orders(cls) -> pl.Expr:
        """An order is called off or delivered, not both; on time is one of the delivered."""
        ends = col("called_off") + col("delivered")
        return (ends <= col("orders")) & (col("on_time") <= col("delivered"))
