"""silver.customers."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.customers import Customers
from transforms.parse import city_name, text


def customers(raw: Annotated[LazyFrame, bronze.Customers]) -> Annotated[LazyFrame, Customers]:
    """Type each customer record."""
    return raw.select(
        text("customer_id"),
        text("customer_unique_id"),
        text("customer_zip_code_prefix"),
        city_name("customer_city"),
        text("customer_state"),
    )
