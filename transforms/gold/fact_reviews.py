"""gold.fact_reviews."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.gold.fact_reviews import FactReviews
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.dates import date_key


def fact_reviews(
    order_reviews: Annotated[LazyFrame, OrderReviews],
    orders: Annotated[LazyFrame, Orders],
) -> Annotated[LazyFrame, FactReviews]:
    """Join each review to its order. Until its order arrives, a review stays in silver."""
    title, message = col("review_comment_title"), col("review_comment_message")
    return order_reviews.join(orders, on="order_id").select(
        "review_id",
        "order_id",
        "customer_id",
        date_key("review_creation_date"),
        "review_score",
        (title.is_not_null() | message.is_not_null()).alias("has_comment"),
        "review_creation_date",
        "review_answer_timestamp",
    )
