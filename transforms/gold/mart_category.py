"""gold.mart_category."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_categories import AggMonthlyCategories
from contracts.gold.mart_category import MartCategory
from transforms.gold.ratios import share


def mart_category(
    months: Annotated[LazyFrame, AggMonthlyCategories],
) -> Annotated[LazyFrame, MartCategory]:
    """Sum the months of each category, and rank the categories by sales."""
    return (
        months.group_by("category")
        .agg(
            col("orders", "units", "reviews", "stars").sum(),
            col("sales", "freight_value").sum().cast(REAIS),
        )
        .with_columns(
            rank=col("sales").rank("min", descending=True).cast(pl.Int64),
            sales_share=share("sales", col("sales").sum()),
            review_score=share("stars", "reviews"),
        )
        .drop("stars")
    )
