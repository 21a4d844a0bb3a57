"""The contract of silver.customers."""

import polars as pl
from polars import col

from contracts.contract import Silver, column, rule
from contracts.domain import ERASED, HEX_ID, STATES, ZIP_PREFIX
from contracts.silver.geolocation import Geolocation


class Customers(
    Silver,
    key=("customer_id",),
    history=(
        *("customer_unique_id", "customer_zip_code_prefix"),
        *("customer_city", "customer_state"),
    ),
):
    """One row per customer of an order.

    The source gives each order its own `customer_id`. Count people by `customer_unique_id`. An
    erased person has pseudonyms for identifiers, and no city or zip code prefix.
    """

    customer_id: str = column(str_matches=HEX_ID)
    customer_unique_id: str = column(str_matches=HEX_ID)
    customer_zip_code_prefix: str = column(
        nullable=True, str_matches=ZIP_PREFIX, looked_up_in=Geolocation
    )
    customer_city: str = column(nullable=True)
    customer_state: str = column(isin=STATES)

    @rule
    def customer_zip_code_prefix_is_present(cls) -> pl.Expr:
        """Every customer has a zip code prefix, except erased people."""
        return _present_or_erased("customer_zip_code_prefix")

    @rule
    def customer_city_is_present(cls) -> pl.Expr:
        """Every customer has a city, except erased people."""
        return _present_or_erased("customer_city")


def _present_or_erased(name: str) -> pl.Expr:
    identifiers = col("customer_id"), col("customer_unique_id")
    is_erased = pl.any_horizontal(each.str.starts_with(ERASED) for each in identifiers)
    return col(name).is_not_null() | is_erased
