"""The contract of gold.mart_review_by_lateness."""

from polars import col

from contracts.contract import Gold, column
from contracts.gold.fact_reviews import FactReviews

LAST_DAYS = {
    "8 days early or more": -8,
    "4 to 7 days early": -4,
    "1 to 3 days early": -1,
    "on the day": 0,
    "1 to 3 days late": 3,
    "4 to 7 days late": 7,
}
"""Last day of each band, in calendar days from the estimate to the delivery."""

LATER, NEVER = "8 days late or more", "not delivered"

LATENESS = (*LAST_DAYS, LATER, NEVER)


class MartReviewByLateness(Gold, key=("lateness",)):
    """One row per band of calendar days from the estimate to the delivery, over all time.

    A review counts in the band of its order, whenever it was written. Orders without a delivery
    (in transit, called off, or without a date) are in the band `not delivered`.
    """

    lateness: str = column(
        isin=LATENESS,
        description="Band of calendar days from the estimate to the delivery of the order.",
    )
    position: int = column(
        in_range=(1, len(LATENESS)), description="Sort position of the band, from 1 (earliest)."
    )
    reviews: int = column(
        ge=1, sums=(FactReviews, col("review_id").is_not_null()), description="Number of reviews."
    )
    reviews_share: float = column(
        in_range=(0, 1), description="Reviews as a fraction of all reviews."
    )
    stars: int = column(
        ge=1, sums=(FactReviews, col("review_score")), description="Sum of the review scores."
    )
    review_score: float = column(in_range=(1, 5), description="Mean review score, from 1 to 5.")
    one_star_share: float = column(
        in_range=(0, 1), description="Reviews with score 1, as a fraction."
    )
    five_star_share: float = column(
        in_range=(0, 1), description="Reviews with score 5, as a fraction."
    )
