"""The contract of gold.agg_customer_months."""

import polars as pl
from pandera.engines.polars_engine import Date
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import CALLED_OFF, MONTH, MOST
from contracts.gold.fact_orders import FactOrders


class AggCustomerMonths(
    Gold,
    key=("customer_unique_id", "purchase_month"),
    incremental_key=("customer_unique_id",),
    partition_by=("purchase_month",),
):
    """One row per person and month with an order, with the purchases of the month.

    A person is a `customer_unique_id`. A purchase is an order that was not called off.
    """

    customer_unique_id: str = column(
        description="Person identifier, or `customer_id` until the customer's record arrives."
    )
    purchase_month: str = column(str_matches=MONTH)
    cohort_month: str = column(
        str_matches=MONTH,
        nullable=True,
        description="Month of the person's first purchase as yyyy-mm. Null if all orders were "
        "called off.",
    )
    orders: int = column(
        in_range=(1, MOST),
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Number of orders, including those called off.",
    )
    purchases: int = column(
        in_range=(0, MOST), sums=(FactOrders, ~CALLED_OFF), description="Number of purchases."
    )
    gmv: Money = column(
        ge=0,
        sums=(FactOrders, col("price").filter(~CALLED_OFF)),
        description="Gross merchandise value in BRL: price of the items of the purchases.",
    )
    spent: Money = column(
        ge=0,
        sums=(FactOrders, col("total_order_value").filter(~CALLED_OFF)),
        description="Price and freight of the purchases in BRL.",
    )
    last_purchase: Date = column(
        nullable=True, description="Day of the last purchase in the month."
    )

    @rule
    def purchases_are_orders(cls) -> pl.Expr:
        """There are no more purchases than orders."""
        return col("purchases") <= col("orders")

    @rule
    def month_without_purchases_is_empty(cls) -> pl.Expr:
        """Without a purchase, a month has no last purchase, and nothing was spent."""
        is_empty = col("purchases") == 0
        has_no_last = col("last_purchase").is_null()
        return (is_empty == has_no_last) & (~is_empty | ((col("gmv") == 0) & (col("spent") == 0)))

    @rule
    def cohort_is_of_the_first_purchase(cls) -> pl.Expr:
        """A month with purchases is the month of the first one, or later."""
        known = (col("cohort_month") <= col("purchase_month")).fill_null(value=False)
        return (col("purchases") == 0) | known
