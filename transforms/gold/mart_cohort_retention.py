"""gold.mart_cohort_retention."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, REAIS
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_cohort_retention import MartCohortRetention
from transforms.gold.marts import with_person
from transforms.gold.ratios import share


def mart_cohort_retention(
    orders: Annotated[LazyFrame, FactOrders],
    customers: Annotated[LazyFrame, DimCustomer],
) -> Annotated[LazyFrame, MartCohortRetention]:
    """Count the people of each cohort who buy in each month since their first purchase."""
    purchases = orders.filter(~CALLED_OFF).pipe(with_person, customers)
    bought = col("order_purchase_timestamp").dt
    first = purchases.group_by("customer_unique_id").agg(
        first=col("order_purchase_timestamp").min()
    )
    months = (bought.year() - col("first").dt.year()).cast(pl.Int64) * 12
    return (
        purchases.join(first, on="customer_unique_id")
        .group_by(
            cohort_month=col("first").dt.strftime("%Y-%m"),
            months_since=months + bought.month() - col("first").dt.month(),
        )
        .agg(
            customers=col("customer_unique_id").n_unique().cast(pl.Int64),
            purchases=pl.len().cast(pl.Int64),
            gmv=col("price").sum().cast(REAIS),
        )
        .with_columns(cohort_size=col("customers").max().over("cohort_month"))
        .with_columns(retention=share("customers", "cohort_size"))
    )
