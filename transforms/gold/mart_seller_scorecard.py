"""gold.mart_seller_scorecard."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, DELIVERED, REAIS
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from transforms.gold.ratios import share


def mart_seller_scorecard(
    sales: Annotated[LazyFrame, FactSales],
) -> Annotated[LazyFrame, MartSellerScorecard]:
    """Sum the items of each seller, and count how their orders ended."""
    is_order = col("is_first_of_seller")
    return (
        sales.group_by("seller_id")
        .agg(
            units=pl.len().cast(pl.Int64),
            sales=col("price").sum().cast(REAIS),
            freight_value=col("freight_value").sum().cast(REAIS),
            orders=is_order.sum().cast(pl.Int64),
            called_off=(is_order & CALLED_OFF).sum().cast(pl.Int64),
            delivered=(is_order & DELIVERED).sum().cast(pl.Int64),
            on_time=(is_order & DELIVERED & col("delivered_on_time")).sum().cast(pl.Int64),
            mean_lag_days=col("delivery_lag_days").filter(is_order & DELIVERED).mean(),
            reviews=col("reviews").filter(is_order).sum(),
            stars=col("stars").filter(is_order).sum(),
        )
        .with_columns(
            called_off_share=share("called_off", "orders"),
            on_time_share=share("on_time", "delivered"),
            review_score=share("stars", "reviews"),
        )
        .drop("stars")
    )
