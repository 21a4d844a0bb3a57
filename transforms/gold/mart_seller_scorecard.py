"""gold.mart_seller_scorecard."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_sellers import AggMonthlySellers
from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from transforms.gold.ratios import share

COUNTS = ("orders", "units", "called_off", "delivered", "on_time", "lag_days", "reviews", "stars")


def mart_seller_scorecard(
    months: Annotated[LazyFrame, AggMonthlySellers],
) -> Annotated[LazyFrame, MartSellerScorecard]:
    """Sum the months of each seller, and compare how the orders ended."""
    return (
        months.group_by("seller_id")
        .agg(col(COUNTS).sum(), col("sales", "freight_value").sum().cast(REAIS))
        .with_columns(
            called_off_share=share("called_off", "orders"),
            on_time_share=share("on_time", "delivered"),
            mean_lag_days=share("lag_days", "delivered"),
            review_score=share("stars", "reviews"),
        )
        .drop("lag_days", "stars")
    )
