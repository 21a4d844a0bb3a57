"""silver.order_reviews."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.order_reviews import OrderReviews
from transforms.parse import integer, text, timestamp
from transforms.redaction import redact


def order_reviews(
    raw: Annotated[LazyFrame, bronze.OrderReviews],
) -> Annotated[LazyFrame, OrderReviews]:
    """Type each review record and redact contact data from its texts."""
    return raw.select(
        text("review_id"),
        text("order_id"),
        integer("review_score"),
        redact(text("review_comment_title")),
        redact(text("review_comment_message")),
        timestamp("review_creation_date"),
        timestamp("review_answer_timestamp"),
    )
