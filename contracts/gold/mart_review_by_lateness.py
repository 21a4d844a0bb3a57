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
"""Calendar days from the estimate to the delivery: the last of each band."""

LATER, NEVER = "8 days late or more", "not delivered"

LATENESS = (*LAST_DAYS, LATER, NEVER)


class MartReviewByLateness(Gold, key=("lateness",)):
    """One row per band of calendar days between the estimate and the delivery, over all time.

    A review belongs to the delivery of its order, whenever it was written; of an order without
    a delivery (on its way, called off, or without a date) it is `not delivered`, and not late.
    """

    lateness: str = column(
        isin=LATENESS,
        description="Calendar days from the estimate to the delivery of the reviewed order.",
    )
    position: int = column(
        in_range=(1, len(LATENESS)), description="To sort by: the earliest is 1."
    )
    reviews: int = column(
        ge=1, sums=(FactReviews, col("review_id").is_not_null()), description="How many."
    )
    reviews_share: float = column(in_range=(0, 1), description="Of all reviews.")
    stars: int = column(
        ge=1, sums=(FactReviews, col("review_score")), description="Their scores, added up."
    )
    review_score: float = column(in_range=(1, 5), description="Their mean, from 1 to 5.")
    one_star_share: float = column(in_range=(0, 1), description="Reviews with the worst score.")
    five_star_share: float = column(in_range=(0, 1), description="Reviews with the best score.")
