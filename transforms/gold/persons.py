"""The person behind an order."""

from polars import LazyFrame, col


def with_person(orders: LazyFrame, customers: LazyFrame) -> LazyFrame:
    """Add `customer_unique_id` to orders; until the customer's record comes, `customer_id`.

    Shape: the orders, and the column. No order is lost; a person is at worst two for a while.
    """
    person = customers.select("customer_id", "customer_unique_id")
    return orders.join(person, on="customer_id", how="left").with_columns(
        col("customer_unique_id").fill_null(col("customer_id"))
    )
