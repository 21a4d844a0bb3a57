"""The contract of gold.dim_seller."""

from contracts.contract import Gold, column
from contracts.domain import HEX_ID, STATES


class DimSeller(Gold, key=("seller_id",), incremental_key=("seller_id",)):
    """One row per seller, with the seller's address."""

    seller_id: str = column(str_matches=HEX_ID)
    seller_zip_code_prefix: str = column(nullable=True)
    seller_city: str = column(nullable=True)
    seller_state: str = column(isin=STATES, nullable=True)
    latitude: float = column(
        nullable=True, description="Latitude of the zip code prefix in degrees north."
    )
    longitude: float = column(
        nullable=True, description="Longitude of the zip code prefix in degrees east."
    )
    inferred: bool = column()
