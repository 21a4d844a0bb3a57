"""Steps that several marts share."""

import polars as pl
from polars import LazyFrame, col


def with_person(orders: LazyFrame, customers: LazyFrame) -> LazyFrame:
    """Add `customer_unique_id` to orders, or `customer_id` until the customer's record arrives.

    Until then a person may count twice, but no order is lost.

    Shape: the orders with the column.
    """
    person = customers.select("customer_id", "customer_unique_id")
    return (
        orders.drop("customer_unique_id", strict=False)
        .join(person, on="customer_id", how="left")
        .with_columns(col("customer_unique_id").fill_null(col("customer_id")))
    )


def review_scores(parts: LazyFrame, reviews: LazyFrame, by: str) -> LazyFrame:
    """Count and average the reviews of orders by a column.

    Args:
        parts: one row per order and value of the column, so that a review counts once per value.
        reviews: the reviews of the orders.
        by: the name of the column.

    Shape: one row per value with a review, with `reviews` and `review_score`.
    """
    return (
        parts.select("order_id", by)
        .join(reviews.select("order_id", "review_score"), on="order_id")
        .group_by(by)
        .agg(reviews=pl.len().cast(pl.Int64), review_score=col("review_score").mean())
    )
