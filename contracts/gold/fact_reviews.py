"""The contract of gold.fact_reviews."""

from contracts.contract import Gold, Timestamp, column
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate


class FactReviews(Gold, key=("review_id", "order_id"), incremental_key=("order_id",)):
    """One row per review of an order, without its text."""

    review_id: str = column()
    order_id: str = column()
    customer_id: str = column(references=DimCustomer)
    date_key: int = column(references=DimDate, description="Day of the review request as yyyymmdd.")
    review_score: int = column(in_range=(1, 5))
    has_comment: bool = column(description="Whether the review has a title or a text.")
    review_creation_date: Timestamp = column()
    review_answer_timestamp: Timestamp = column(nullable=True)
