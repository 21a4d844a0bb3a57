"""gold.dim_customer."""

from typing import Annotated

from polars import LazyFrame

from contracts.gold.dim_customer import DimCustomer
from contracts.silver.customers import Customers
from contracts.silver.geolocation import Geolocation
from contracts.silver.orders import Orders
from transforms.gold.dimensions import with_coordinates, with_inferred_members


def dim_customer(
    customers: Annotated[LazyFrame, Customers],
    geolocation: Annotated[LazyFrame, Geolocation],
    orders: Annotated[LazyFrame, Orders],
) -> Annotated[LazyFrame, DimCustomer]:
    """Add coordinates to each customer, and inferred members for customers without a record."""
    return customers.pipe(with_inferred_members, orders, "customer_id").pipe(
        with_coordinates, geolocation, "customer_zip_code_prefix"
    )
