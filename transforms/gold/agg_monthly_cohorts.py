"""gold.agg_monthly_cohorts."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.agg_monthly_cohorts import AggMonthlyCohorts


def agg_monthly_cohorts(
    months: Annotated[LazyFrame, AggCustomerMonths],
) -> Annotated[LazyFrame, AggMonthlyCohorts]:
    """Count the people who buy in each month by the month of their first purchase."""
    return (
        months.filter(col("purchases") > 0)
        .group_by("purchase_month", "cohort_month")
        .agg(
            customers=pl.len().cast(pl.Int64),
            purchases=col("purchases").sum(),
            gmv=col("gmv").sum().cast(REAIS),
        )
    )
