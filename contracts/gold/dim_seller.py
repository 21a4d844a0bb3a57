"""The contract of gold.dim_seller."""

from contracts.contract import Gold, column
from contracts.domain import HEX_ID, STATES


class DimSeller(Gold, key=("seller_id",), incremental_key=("seller_id",)):
    """One row per seller, with where they are."""

    seller_id: str = column(str_matches=HEX_ID)
    seller_zip_code_prefix: str = column(nullable=True)
    seller_city: str = column(nullable=True)
    seller_state: str = column(isin=STATES, nullable=True)
    latitude: float = column(nullable=True, description="Degrees north, of the zip prefix.")
    longitude: float = column(nullable=True, description="Degrees east, of the zip prefix.")
    inferred: bool = column(description="Known from a fact only; the real row has not come yet.")
