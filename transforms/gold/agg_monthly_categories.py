"""gold.agg_monthly_categories."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_categories import AggMonthlyCategories
from contracts.gold.fact_sales import FactSales


def agg_monthly_categories(
    sales: Annotated[LazyFrame, FactSales],
) -> Annotated[LazyFrame, AggMonthlyCategories]:
    """Sum the items by month of purchase and category."""
    is_first = col("is_first_of_category")
    return sales.group_by("purchase_month", "category").agg(
        col("reviews", "stars").filter(is_first).sum(),
        orders=is_first.sum().cast(pl.Int64),
        units=pl.len().cast(pl.Int64),
        sales=col("price").sum().cast(REAIS),
        freight_value=col("freight_value").sum().cast(REAIS),
    )
