"""The contract of silver.sellers."""

from contracts.contract import Silver, column
from contracts.domain import HEX_ID, STATES, ZIP_PREFIX
from contracts.silver.geolocation import Geolocation


class Sellers(
    Silver,
    key=("seller_id",),
    history=("seller_zip_code_prefix", "seller_city", "seller_state"),
):
    """One row per seller."""

    seller_id: str = column(str_matches=HEX_ID)
    seller_zip_code_prefix: str = column(str_matches=ZIP_PREFIX, looked_up_in=Geolocation)
    seller_city: str = column()
    seller_state: str = column(isin=STATES)
