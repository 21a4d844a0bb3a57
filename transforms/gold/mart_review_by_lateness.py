"""gold.mart_review_by_lateness."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import DELIVERED
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.mart_review_by_lateness import (
    LAST_DAYS,
    LATENESS,
    LATER,
    NEVER,
    MartReviewByLateness,
)
from transforms.gold.ratios import share

BEST, WORST = 5, 1


def mart_review_by_lateness(
    reviews: Annotated[LazyFrame, FactReviews],
    orders: Annotated[LazyFrame, FactOrders],
) -> Annotated[LazyFrame, MartReviewByLateness]:
    """Average the review scores by band of calendar days from the estimate to the delivery."""
    delivered = orders.filter(DELIVERED).select("order_id", days="days_past_estimate")
    return (
        reviews.join(delivered, on="order_id", how="left")
        .group_by(lateness=_band(col("days")))
        .agg(
            reviews=pl.len().cast(pl.Int64),
            stars=col("review_score").sum(),
            one_star_share=(col("review_score") == WORST).mean(),
            five_star_share=(col("review_score") == BEST).mean(),
        )
        .with_columns(
            position=col("lateness").replace_strict(LATENESS, range(1, len(LATENESS) + 1)),
            reviews_share=share("reviews", col("reviews").sum()),
            review_score=share("stars", "reviews"),
        )
    )


def _band(days: pl.Expr) -> pl.Expr:
    """Return the band of a number of calendar days after the estimate. Early is negative."""
    bands = (pl.when(days <= last).then(pl.lit(name)) for name, last in LAST_DAYS.items())
    return pl.coalesce(*bands, pl.when(days.is_not_null()).then(pl.lit(LATER)), pl.lit(NEVER))
