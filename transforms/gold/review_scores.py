"""What reviews say of those who have a part in an order."""

import polars as pl
from polars import LazyFrame, col


def review_scores(parts: LazyFrame, reviews: LazyFrame, by: str) -> LazyFrame:
    """Count and average the reviews of the orders in which each value of a column has a part.

    Shape: one row per value that has a review, with `reviews` and `review_score`. The parts are one
    row per order and value, so that a review counts once for each value.
    """
    return (
        parts.select("order_id", by)
        .join(reviews.select("order_id", "review_score"), on="order_id")
        .group_by(by)
        .agg(reviews=pl.len().cast(pl.Int64), review_score=col("review_score").mean())
    )
