"""The contract of silver.order_reviews."""

from contracts.contract import Silver, Timestamp, column
from contracts.domain import HEX_ID


class OrderReviews(Silver, key=("review_id", "order_id")):
    """One row per review of an order. One review may cover several orders.

    Contact data in the texts is replaced by placeholders. The rest is still in a person's own
    words, so both texts are tagged as personal.
    """

    review_id: str = column(str_matches=HEX_ID)
    order_id: str = column(str_matches=HEX_ID)
    review_score: int = column(in_range=(1, 5))
    review_comment_title: str = column(nullable=True, personal=True)
    review_comment_message: str = column(nullable=True, personal=True)
    review_creation_date: Timestamp = column()
    review_answer_timestamp: Timestamp = column(nullable=True)
