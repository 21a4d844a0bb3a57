"""silver.sellers."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.sellers import Sellers
from transforms.parse import city_name, text


def sellers(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Sellers]:
    """Type each seller record."""
    return raw.select(
        text("seller_id"),
        text("seller_zip_code_prefix"),
        city_name("seller_city"),
        text("seller_state"),
    )
