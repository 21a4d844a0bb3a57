"""gold.mart_seller_scorecard."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, DELIVERED, REAIS
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from transforms.gold.marts import review_scores
from transforms.gold.ratios import share


def mart_seller_scorecard(
    sales: Annotated[LazyFrame, FactSales],
    reviews: Annotated[LazyFrame, FactReviews],
) -> Annotated[LazyFrame, MartSellerScorecard]:
    """Sum the items of each seller, and count how their orders ended."""
    sold = sales.group_by("seller_id").agg(
        units=pl.len().cast(pl.Int64),
        sales=col("price").sum().cast(REAIS),
        freight_value=col("freight_value").sum().cast(REAIS),
    )
    orders = sales.unique(["order_id", "seller_id"])
    outcomes = orders.group_by("seller_id").agg(
        orders=pl.len().cast(pl.Int64),
        called_off=CALLED_OFF.sum().cast(pl.Int64),
        delivered=DELIVERED.sum().cast(pl.Int64),
        on_time=(DELIVERED & col("delivered_on_time")).sum().cast(pl.Int64),
        mean_lag_days=col("delivery_lag_days").filter(DELIVERED).mean(),
    )
    return (
        sold.join(outcomes, on="seller_id")
        .join(review_scores(orders, reviews, "seller_id"), on="seller_id", how="left")
        .with_columns(
            col("reviews").fill_null(0),
            called_off_share=share("called_off", "orders"),
            on_time_share=share("on_time", "delivered"),
        )
    )
