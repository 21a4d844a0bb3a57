"""The contract of gold.mart_customer_rfm."""

import polars as pl
from pandera.engines.polars_engine import Date
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import CALLED_OFF
from contracts.gold.fact_orders import FactOrders

RECENT_DAYS = 180
"""Who bought within so many days has bought lately."""

BIG_SPENDER = 250
"""R$: who spent as much is one; about one in six of the real customers does."""

SEGMENTS = (
    *("loyal", "slipping away", "new big spender", "new", "big spender to win back", "gone"),
    "never bought",
)


class MartCustomerRfm(Gold, key=("customer_unique_id",)):
    """One row per person who ever placed an order: how lately, how often and for how much.

    A person is a `customer_unique_id`; by `customer_id`, which each order has of its own, nobody
    would ever come back. 97 of 100 buy once, so that quantiles of frequency would be arbitrary:
    the bands are fixed. Orders called off are counted, but they are no purchases.
    """

    customer_unique_id: str = column(
        description="The order's own `customer_id` until the customer's record comes.",
    )
    orders: int = column(
        ge=1,
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Orders placed, whatever became of them.",
    )
    frequency: int = column(
        ge=0, sums=(FactOrders, ~CALLED_OFF), description="Purchases: orders not called off."
    )
    monetary: Money = column(
        ge=0,
        sums=(FactOrders, col("total_order_value").filter(~CALLED_OFF)),
        description="R$: price and freight of the purchases.",
    )
    last_purchase: Date = column(nullable=True, description="The day of the last purchase.")
    recency_days: int = column(
        ge=0,
        nullable=True,
        description="Calendar days from there to the newest order of all, not to today: it changes "
        "with the data, never with the clock.",
    )
    segment: str = column(
        isin=SEGMENTS,
        description=f"Bought lately is within {RECENT_DAYS} days of the newest order of all, a big "
        f"spender from R$ {BIG_SPENDER}. More than one purchase: `loyal` if lately, else `slipping "
        "away`. One: `new big spender` or `new` if lately, else `big spender to win back` or "
        "`gone`. None: `never bought`.",
    )

    @rule
    def frequency_is_at_most_orders(cls) -> pl.Expr:
        """Every purchase is an order."""
        return col("frequency") <= col("orders")

    @rule
    def bought_once_or_never(cls) -> pl.Expr:
        """Who made no purchase has no last one, and has paid nothing."""
        never = col("frequency") == 0
        no_last = [col(name).is_null() for name in ("last_purchase", "recency_days")]
        return pl.all_horizontal(
            *(never == absent for absent in no_last), ~never | (col("monetary") == 0)
        )
