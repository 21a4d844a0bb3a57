"""Steps that several marts share."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.gold.marts import review_scores, with_person


def test_a_customer_without_a_person_counts_as_one() -> None:
    orders = pl.LazyFrame({"order_id": ["o1", "o2", "o3", "o4"], "customer_id": [*"abcd"]})
    customers = pl.LazyFrame({"customer_id": [*"abc"], "customer_unique_id": ["p", "p", None]})
    made = with_person(orders, customers)
    expected = orders.with_columns(customer_unique_id=pl.Series(["p", "p", "c", "d"]))
    assert_frame_equal(made, expected, check_row_order=False)


def test_a_review_counts_once_per_value_of_its_order() -> None:
    sales = pl.LazyFrame({"order_id": ["1", "1", "2"], "seller_id": ["a", "b", "a"]})
    reviews = pl.LazyFrame({"order_id": ["1", "2", "2", "9"], "review_score": [5, 1, 3, 4]})
    made = review_scores(sales, reviews, "seller_id")
    expected = pl.LazyFrame(
        {"seller_id": ["a", "b"], "reviews": [3, 1], "review_score": [3.0, 5.0]}
    )
    assert_frame_equal(made, expected, check_row_order=False)
