"""silver.order_reviews: the door at which contact data stops."""

from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.silver.order_reviews import OrderReviews
from transforms.silver.order_reviews import order_reviews


def comments(title: str | None, message: str | None) -> tuple[str | None, str | None]:
    """Return what silver keeps of the texts of a review."""
    raw = {"review_comment_title": title, "review_comment_message": message}
    typed = order_reviews(pl.LazyFrame([raw], schema=bronze.OrderReviews.fields())).collect()
    return typed["review_comment_title"].item(), typed["review_comment_message"].item()


def test_a_review_is_typed() -> None:
    raw = pl.LazyFrame(
        {
            "review_id": ["r1"],
            "order_id": ["o1"],
            "review_score": ["4"],
            "review_comment_title": ["Bom"],
            "review_comment_message": [None],
            "review_creation_date": ["2018-02-01 00:00:00"],
            "review_answer_timestamp": ["2018-02-03 04:05:06"],
        },
        schema=bronze.OrderReviews.fields(),
    )
    expected = pl.LazyFrame(
        {
            "review_id": ["r1"],
            "order_id": ["o1"],
            "review_score": [4],
            "review_comment_title": ["Bom"],
            "review_comment_message": [None],
            "review_creation_date": [datetime.fromisoformat("2018-02-01")],
            "review_answer_timestamp": [datetime.fromisoformat("2018-02-03 04:05:06")],
        },
        schema=OrderReviews.fields(),
    )
    assert_frame_equal(order_reviews(raw), expected)


def test_contact_data_goes_from_both_texts() -> None:
    assert comments("ana@exemplo.com", "me liguem (11) 98765-4321") == (
        "[email]",
        "me liguem [phone]",
    )


def test_the_words_stay_as_they_were_written() -> None:
    assert comments("Nota 10", "Chegou em 2 dias.\r\nRecomendo!") == (
        "Nota 10",
        "Chegou em 2 dias.\r\nRecomendo!",
    )


def test_no_comment_is_no_comment() -> None:
    assert comments(None, None) == (None, None)


@pytest.mark.parametrize("empty", ["", " ", "\r\n"])
def test_an_empty_comment_is_none(empty: str) -> None:
    assert comments(empty, empty) == (None, None)
