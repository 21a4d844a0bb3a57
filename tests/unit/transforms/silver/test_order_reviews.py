"""silver.order_reviews."""

from datetime import datetime

import polars as pl
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.silver.order_reviews import OrderReviews
from transforms.silver.order_reviews import order_reviews


def test_a_review_is_typed_and_its_texts_are_redacted() -> None:
    raw = pl.LazyFrame(
        {
            "review_id": ["r1", "r2"],
            "order_id": ["o1", "o2"],
            "review_score": ["4", "5"],
            "review_comment_title": ["ana@exemplo.com", " "],
            "review_comment_message": ["Ligue (11) 98765-4321!", None],
            "review_creation_date": ["2018-02-01 00:00:00"] * 2,
            "review_answer_timestamp": ["2018-02-03 04:05:06", None],
        },
        schema=bronze.OrderReviews.fields(),
    )
    expected = pl.LazyFrame(
        {
            "review_id": ["r1", "r2"],
            "order_id": ["o1", "o2"],
            "review_score": [4, 5],
            "review_comment_title": ["[email]", None],
            "review_comment_message": ["Ligue [phone]!", None],
            "review_creation_date": [datetime(2018, 2, 1)] * 2,
            "review_answer_timestamp": [datetime(2018, 2, 3, 4, 5, 6), None],
        },
        schema=OrderReviews.fields(),
    )
    assert_frame_equal(order_reviews(raw), expected)
