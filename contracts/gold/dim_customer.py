"""The contract of gold.dim_customer."""

from contracts.contract import Gold, column
from contracts.domain import HEX_ID, STATES


class DimCustomer(Gold, key=("customer_id",), incremental_key=("customer_id",)):
    """One row per customer of an order, with the customer's address.

    The source gives each order its own `customer_id`. Count people by `customer_unique_id`.
    """

    customer_id: str = column(str_matches=HEX_ID)
    customer_unique_id: str = column(nullable=True)
    customer_zip_code_prefix: str = column(nullable=True)
    customer_city: str = column(nullable=True)
    customer_state: str = column(isin=STATES, nullable=True)
    latitude: float = column(
        nullable=True, description="Latitude of the zip code prefix in degrees north."
    )
    longitude: float = column(
        nullable=True, description="Longitude of the zip code prefix in degrees east."
    )
    inferred: bool = column()
