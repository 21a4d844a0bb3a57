"""gold.dim_seller."""

from typing import Annotated

from polars import LazyFrame

from contracts.gold.dim_seller import DimSeller
from contracts.silver.geolocation import Geolocation
from contracts.silver.order_items import OrderItems
from contracts.silver.sellers import Sellers
from transforms.gold.dimensions import with_coordinates, with_inferred_members


def dim_seller(
    sellers: Annotated[LazyFrame, Sellers],
    geolocation: Annotated[LazyFrame, Geolocation],
    order_items: Annotated[LazyFrame, OrderItems],
) -> Annotated[LazyFrame, DimSeller]:
    """Add coordinates to each seller, and inferred members for sellers without a record."""
    return sellers.pipe(with_inferred_members, order_items, "seller_id").pipe(
        with_coordinates, geolocation, "seller_zip_code_prefix"
    )
