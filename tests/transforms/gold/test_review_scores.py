"""What reviews say of those who have a part in an order."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.gold.review_scores import review_scores


def test_a_review_counts_once_for_each_who_has_a_part_in_its_order() -> None:
    sales = pl.LazyFrame({"order_id": ["1", "1", "2"], "seller_id": ["a", "b", "a"]})
    reviews = pl.LazyFrame({"order_id": ["1", "2", "2", "9"], "review_score": [5, 1, 3, 4]})
    made = review_scores(sales, reviews, "seller_id")
    expected = pl.LazyFrame(
        {"seller_id": ["a", "b"], "reviews": [3, 1], "review_score": [3.0, 5.0]}
    )
    assert_frame_equal(made, expected, check_row_order=False)
