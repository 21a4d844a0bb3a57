"""gold.mart_review_by_lateness."""

from typing import Any

import polars as pl
import pytest

from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from transforms.gold.mart_review_by_lateness import mart_review_by_lateness


def order(number: int, past: int | None, status: str = "delivered") -> dict[str, Any]:
    on_time = None if past is None else past <= 0
    days = {"days_past_estimate": past, "delivered_on_time": on_time}
    return {"order_id": f"o{number}", "order_status": status, **days}


def made_of(orders: list[dict[str, Any]], *scores: tuple[int, int]) -> pl.DataFrame:
    """Make the mart of orders, and of scores of the order of a number."""
    reviews = [{"order_id": f"o{number}", "review_score": score} for number, score in scores]
    made = mart_review_by_lateness(
        pl.LazyFrame(reviews, schema=FactReviews.fields()),
        pl.LazyFrame(orders, schema=FactOrders.fields()),
    )
    return made.select(MartReviewByLateness.fields().names()).sort("position").collect()


@pytest.mark.parametrize(
    ("past", "band", "position"),
    [
        (-30, "8 days early or more", 1),
        (-8, "8 days early or more", 1),
        (-7, "4 to 7 days early", 2),
        (-4, "4 to 7 days early", 2),
        (-3, "1 to 3 days early", 3),
        (-1, "1 to 3 days early", 3),
        (0, "on the day", 4),
        (1, "1 to 3 days late", 5),
        (3, "1 to 3 days late", 5),
        (4, "4 to 7 days late", 6),
        (7, "4 to 7 days late", 6),
        (8, "8 days late or more", 7),
        (None, "not delivered", 8),
    ],
)
def test_bands_are_of_calendar_days(past: int | None, band: str, position: int) -> None:
    made = made_of([order(1, past)], (1, 5))
    assert made.select("lateness", "position").rows() == [(band, position)]


def test_a_canceled_order_with_a_date_is_not_delivered() -> None:
    made = made_of([order(1, 5, "canceled")], (1, 1), (2, 1))
    assert made.select("lateness", "reviews").rows() == [("not delivered", 2)]


def test_scores_are_averaged_and_the_ends_counted() -> None:
    made = made_of([order(1, 0), order(2, 9)], (1, 5), (1, 5), (1, 4), (2, 1))
    columns = ["reviews", "reviews_share", "stars", "review_score", "one_star_share"]
    assert made.select(columns).rows() == [(3, 0.75, 14, 14 / 3, 0.0), (1, 0.25, 1, 1.0, 1.0)]
    assert made["five_star_share"].to_list() == [2 / 3, 0.0]
