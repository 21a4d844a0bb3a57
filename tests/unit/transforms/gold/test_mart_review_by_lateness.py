"""gold.mart_review_by_lateness."""

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from transforms.gold.agg_monthly_orders import agg_monthly_orders
from transforms.gold.mart_review_by_lateness import mart_review_by_lateness


def order(past: int | None, *scores: int, status: str = "delivered") -> dict[str, Any]:
    return {
        "order_status": status,
        "order_estimated_delivery_date": datetime(2018, 1, 1),
        "days_past_estimate": past,
        "delivered_on_time": None if past is None else past <= 0,
        "reviews": len(scores),
        "stars": sum(scores),
        "one_star_reviews": scores.count(1),
        "five_star_reviews": scores.count(5),
    }


def made_of(*orders: dict[str, Any]) -> pl.DataFrame:
    facts = pl.LazyFrame(orders, schema=FactOrders.fields())
    made = facts.pipe(agg_monthly_orders).pipe(mart_review_by_lateness)
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
    made = made_of(order(past, 5))
    assert made.select("lateness", "position").rows() == [(band, position)]


def test_a_canceled_order_with_a_date_is_not_delivered() -> None:
    made = made_of(order(5, 1, status="canceled"), order(None, 1, status="shipped"))
    assert made.select("lateness", "reviews").rows() == [("not delivered", 2)]


def test_scores_are_averaged_and_the_ends_counted() -> None:
    made = made_of(order(0, 5, 5, 4), order(9, 1), order(-1))
    columns = ["reviews", "reviews_share", "stars", "review_score", "one_star_share"]
    assert made.select(columns).rows() == [(3, 0.75, 14, 14 / 3, 0.0), (1, 0.25, 1, 1.0, 1.0)]
    assert made["five_star_share"].to_list() == [2 / 3, 0.0]
