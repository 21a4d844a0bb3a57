"""The contract of gold.mart_customer_rfm."""

import polars as pl
from pandera.engines.polars_engine import Date
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.gold.agg_customer_months import AggCustomerMonths

RECENT_DAYS = 180
"""A last purchase within this number of days is recent."""

BIG_SPENDER = 250
"""Least spending of a big spender in BRL. About one in six customers of the real data is one."""

SEGMENTS = (
    *("loyal", "slipping away", "new big spender", "new", "big spender to win back", "gone"),
    "never bought",
)


class MartCustomerRfm(Gold, key=("customer_unique_id",), incremental_key=("customer_unique_id",)):
    """One row per person with an order: recency, frequency and monetary value.

    A person is a `customer_unique_id`, because each order has its own `customer_id`, which never
    occurs twice. 97 of 100 people buy once, so the segments have fixed limits instead of
    quantiles. Orders called off count as orders, but not as purchases.
    """

    customer_unique_id: str = column(
        description="Person identifier, or `customer_id` until the customer's record arrives.",
    )
    orders: int = column(
        ge=1,
        sums=(AggCustomerMonths, col("orders")),
        description="Number of orders, including those called off.",
    )
    frequency: int = column(
        ge=0,
        sums=(AggCustomerMonths, col("purchases")),
        description="Number of purchases: orders that were not called off.",
    )
    monetary: Money = column(
        ge=0,
        sums=(AggCustomerMonths, col("spent")),
        description="Price and freight of all purchases in BRL.",
    )
    last_purchase: Date = column(nullable=True, description="Day of the last purchase.")
    recency_days: int = column(
        ge=0,
        nullable=True,
        description="Calendar days from the last purchase to the end of the month of the newest "
        "order. So the rows of all people change once a month, not every day.",
    )
    segment: str = column(
        isin=SEGMENTS,
        description="Customer segment. Several purchases: `loyal`, or `slipping away` if the last "
        "is not recent. One purchase: `new`, or `gone` if it is not recent; of "
        f"BRL {BIG_SPENDER} or more, `new big spender` or `big spender to win back`. None: "
        f"`never bought`. Recent: at most {RECENT_DAYS} days before the end of the newest month.",
    )

    @rule
    def frequency_is_at_most_orders(cls) -> pl.Expr:
        """There are no more purchases than orders."""
        return col("frequency") <= col("orders")

    @rule
    def bought_once_or_never(cls) -> pl.Expr:
        """Without a purchase there is no last purchase, no recency and no monetary value."""
        never = col("frequency") == 0
        no_last = [col(name).is_null() for name in ("last_purchase", "recency_days")]
        return pl.all_horizontal(
            *(never == absent for absent in no_last), ~never | (col("monetary") == 0)
        )
