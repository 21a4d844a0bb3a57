"""The contract of gold.mart_cohort_retention."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import CALLED_OFF, MONTH
from contracts.gold.fact_orders import FactOrders


class MartCohortRetention(Gold, key=("cohort_month", "months_since")):
    """One row per month of first purchase, and month since in which some of those people bought.

    A person is a `customer_unique_id`, a purchase an order not called off. Months in which nobody
    came back have no row.
    """

    cohort_month: str = column(
        str_matches=MONTH, description="As yyyy-mm: when the people bought for the first time."
    )
    months_since: int = column(ge=0, description="Calendar months from there; 0 is the first.")
    cohort_size: int = column(description="People whose first purchase was in that month.")
    customers: int = column(
        ge=1,
        description="Those of them who bought in this month. Who buys in several counts in each: "
        "do not add months up.",
    )
    retention: float = column(
        in_range=(0, 1), description="Customers, of the cohort; all of them in the first month."
    )
    purchases: int = column(
        ge=1, sums=(FactOrders, ~CALLED_OFF), description="What they bought: orders."
    )
    gmv: Money = column(
        ge=0,
        sums=(FactOrders, col("price").filter(~CALLED_OFF)),
        description="R$: the price of all items of those orders.",
    )

    @rule
    def customers_are_of_the_cohort(cls) -> pl.Expr:
        """At most all of them come back, and each of them is there in the first month."""
        all_of_them = col("customers") == col("cohort_size")
        return (col("customers") <= col("cohort_size")) & ((col("months_since") > 0) | all_of_them)
