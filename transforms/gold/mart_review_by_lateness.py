"""gold.mart_review_by_lateness."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.gold.agg_monthly_orders import LATENESS, AggMonthlyOrders
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from transforms.gold.ratios import share


def mart_review_by_lateness(
    orders: Annotated[LazyFrame, AggMonthlyOrders],
) -> Annotated[LazyFrame, MartReviewByLateness]:
    """Average the review scores by band of calendar days from the estimate to the delivery."""
    return (
        orders.group_by("lateness")
        .agg(col("reviews", "stars", "one_star_reviews", "five_star_reviews").sum())
        .filter(col("reviews") > 0)
        .select(
            "lateness",
            "reviews",
            "stars",
            position=col("lateness").replace_strict(LATENESS, range(1, len(LATENESS) + 1)),
            reviews_share=share("reviews", col("reviews").sum()),
            review_score=share("stars", "reviews"),
            one_star_share=share("one_star_reviews", "reviews"),
            five_star_share=share("five_star_reviews", "reviews"),
        )
    )
