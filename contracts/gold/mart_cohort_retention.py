"""The contract of gold.mart_cohort_retention."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import MONTH
from contracts.gold.agg_monthly_cohorts import AggMonthlyCohorts


class MartCohortRetention(Gold, key=("cohort_month", "months_since")):
    """One row per month of first purchase (cohort) and month in which its people bought.

    A person is a `customer_unique_id`. A purchase is an order that was not called off. A month
    without purchases of the cohort has no row.
    """

    cohort_month: str = column(
        str_matches=MONTH, description="Month of the first purchase as yyyy-mm."
    )
    months_since: int = column(
        ge=0, description="Calendar months since the first purchase, from 0."
    )
    cohort_size: int = column(description="Number of people in the cohort.")
    customers: int = column(
        ge=1,
        sums=(AggMonthlyCohorts, col("customers")),
        description="Number of people of the cohort with a purchase in the month. Not additive: a "
        "person may buy in several months.",
    )
    retention: float = column(
        in_range=(0, 1), description="Customers as a fraction of the cohort. 1 in the first month."
    )
    purchases: int = column(
        ge=1,
        sums=(AggMonthlyCohorts, col("purchases")),
        description="Number of purchases in the month.",
    )
    gmv: Money = column(
        ge=0,
        sums=(AggMonthlyCohorts, col("gmv")),
        description="Gross merchandise value in BRL: price of the items of those purchases.",
    )

    @rule
    def customers_are_of_the_cohort(cls) -> pl.Expr:
        """A month has no more customers than the cohort."""
        return col("customers") <= col("cohort_size")
