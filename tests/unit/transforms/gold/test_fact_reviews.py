"""gold.fact_reviews: that there is a comment, not what it says."""

from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.gold.fact_reviews import FactReviews
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.fact_reviews import fact_reviews

at = datetime.fromisoformat
ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "order_purchase_timestamp": at("2017-11-24 10:00"),
}
REVIEW = {
    "review_id": "r1",
    "order_id": "o1",
    "review_score": 4,
    "review_creation_date": at("2018-01-02"),
    "review_answer_timestamp": at("2018-01-03 04:05:06"),
}
FACT = {**REVIEW, "customer_id": "c1", "date_key": 20180102, "has_comment": False}


def assert_fact_reviews(
    reviews: list[dict[str, object]],
    orders: list[dict[str, object]],
    expected: list[dict[str, object]],
) -> None:
    made = fact_reviews(
        pl.LazyFrame(reviews, schema=OrderReviews.fields()),
        pl.LazyFrame(orders, schema=Orders.fields()),
    )
    rows = pl.LazyFrame(expected, schema=FactReviews.fields())
    assert_frame_equal(made, rows, check_row_order=False)


def test_a_review_has_the_date_key_of_its_request() -> None:
    assert_fact_reviews([REVIEW], [ORDER], [FACT])


@pytest.mark.parametrize(
    ("title", "message", "has_comment"),
    [(None, None, False), ("Bom", None, True), (None, "Chegou.", True), ("Bom", "Chegou.", True)],
)
def test_a_comment_is_a_title_or_a_message(
    title: str | None, message: str | None, *, has_comment: bool
) -> None:
    review = {**REVIEW, "review_comment_title": title, "review_comment_message": message}
    assert_fact_reviews([review], [ORDER], [{**FACT, "has_comment": has_comment}])


def test_a_review_of_several_orders_has_several_rows() -> None:
    reviews = [REVIEW, {**REVIEW, "order_id": "o2"}]
    orders = [ORDER, {**ORDER, "order_id": "o2", "customer_id": "c2"}]
    other = {**FACT, "order_id": "o2", "customer_id": "c2"}
    assert_fact_reviews(reviews, orders, [FACT, other])


def test_a_review_without_an_order_has_no_row() -> None:
    assert_fact_reviews([REVIEW], [{**ORDER, "order_id": "o2"}], [])
