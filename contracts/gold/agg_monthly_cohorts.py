"""The contract of gold.agg_monthly_cohorts."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import MONTH, MOST
from contracts.gold.agg_customer_months import AggCustomerMonths


class AggMonthlyCohorts(
    Gold, key=("purchase_month", "cohort_month"), incremental_key=("purchase_month",)
):
    """One row per month of purchase and month of first purchase (cohort) of its people."""

    purchase_month: str = column(str_matches=MONTH)
    cohort_month: str = column(
        str_matches=MONTH, description="Month of the first purchase as yyyy-mm."
    )
    customers: int = column(
        in_range=(1, MOST),
        sums=(AggCustomerMonths, col("purchases") > 0),
        description="Number of people of the cohort with a purchase in the month. Not additive: a "
        "person may buy in several months.",
    )
    purchases: int = column(
        in_range=(1, MOST),
        sums=(AggCustomerMonths, col("purchases")),
        description="Number of purchases in the month.",
    )
    gmv: Money = column(
        ge=0,
        sums=(AggCustomerMonths, col("gmv")),
        description="Gross merchandise value in BRL: price of the items of those purchases.",
    )

    @rule
    def cohort_is_not_later(cls) -> pl.Expr:
        """The month of the first purchase is not later than that of a purchase."""
        return col("cohort_month").is_between(pl.lit("2000-01"), col("purchase_month"))
