"""The contract of gold.mart_review_by_lateness."""

from polars import col

from contracts.contract import Gold, column
from contracts.gold.agg_monthly_orders import LATENESS, AggMonthlyOrders


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
        ge=1, sums=(AggMonthlyOrders, col("reviews")), description="Number of reviews."
    )
    reviews_share: float = column(
        in_range=(0, 1), description="Reviews as a fraction of all reviews."
    )
    stars: int = column(
        ge=1, sums=(AggMonthlyOrders, col("stars")), description="Sum of the review scores."
    )
    review_score: float = column(in_range=(1, 5), description="Mean review score, from 1 to 5.")
    one_star_share: float = column(
        in_range=(0, 1), description="Reviews with score 1 as a fraction of the band's reviews."
    )
    five_star_share: float = column(
        in_range=(0, 1), description="Reviews with score 5 as a fraction of the band's reviews."
    )
