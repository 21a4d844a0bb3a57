"""gold.mart_cohort_retention."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.gold.agg_monthly_cohorts import AggMonthlyCohorts
from contracts.gold.mart_cohort_retention import MartCohortRetention
from transforms.gold.dates import first_day
from transforms.gold.ratios import share


def mart_cohort_retention(
    months: Annotated[LazyFrame, AggMonthlyCohorts],
) -> Annotated[LazyFrame, MartCohortRetention]:
    """Compare the people who buy in each month with the people of their cohort."""
    return months.select(
        "cohort_month",
        "customers",
        "purchases",
        "gmv",
        months_since=_number("purchase_month") - _number("cohort_month"),
        cohort_size=col("customers").max().over("cohort_month"),
    ).with_columns(retention=share("customers", "cohort_size"))


def _number(month: str) -> pl.Expr:
    """Return a number for a month; that of the next month is one more."""
    day = first_day(month).dt
    return day.year().cast(pl.Int64) * 12 + day.month()
