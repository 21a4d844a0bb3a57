"""The contract of gold.fact_reviews."""

from contracts.contract import Gold, Timestamp, column
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate


class FactReviews(Gold, key=("review_id", "order_id"), incremental_key=("order_id",)):
    """One row per review of an order; its text stays in silver."""

    review_id: str = column()
    order_id: str = column()
    customer_id: str = column(references=DimCustomer)
    date_key: int = column(references=DimDate, description="The day the review was asked for.")
    review_score: int = column(in_range=(1, 5))
    has_comment: bool = column(description="The customer wrote a title or a message.")
    review_creation_date: Timestamp = column()
    review_answer_timestamp: Timestamp = column(nullable=True)
