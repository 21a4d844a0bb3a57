"""gold.dim_customer."""

from typing import Annotated

from polars import LazyFrame

from contracts.gold.dim_customer import DimCustomer
from contracts.silver.customers import Customers
from contracts.silver.geolocation import Geolocation
from contracts.silver.orders import Orders
from transforms.gold.coordinates import with_coordinates
from transforms.gold.inferred import with_inferred_members


def dim_customer(
    customers: Annotated[LazyFrame, Customers],
    geolocation: Annotated[LazyFrame, Geolocation],
    orders: Annotated[LazyFrame, Orders],
) -> Annotated[LazyFrame, DimCustomer]:
    """Place each customer on the map, and infer those that only an order mentions."""
    return customers.pipe(with_inferred_members, orders, "customer_id").pipe(
        with_coordinates, geolocation, "customer_zip_code_prefix"
    )
