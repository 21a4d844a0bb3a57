"""gold.mart_category."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_category import MartCategory
from transforms.gold.marts import review_scores
from transforms.gold.ratios import share


def mart_category(
    sales: Annotated[LazyFrame, FactSales],
    reviews: Annotated[LazyFrame, FactReviews],
) -> Annotated[LazyFrame, MartCategory]:
    """Sum the items of each category, and rank the categories by sales."""
    bought = sales.select("order_id", "category").unique()
    return (
        sales.group_by("category")
        .agg(
            col("freight_value").sum(),
            sales=col("price").sum(),
            units=pl.len(),
            orders=col("order_id").n_unique(),
        )
        .join(review_scores(bought, reviews, "category"), on="category", how="left")
        .with_columns(col("sales", "freight_value").cast(REAIS))
        .with_columns(
            col("units", "orders").cast(pl.Int64),
            col("reviews").fill_null(0),
            rank=col("sales").rank("min", descending=True).cast(pl.Int64),
            sales_share=share("sales", col("sales").sum()),
        )
    )
