"""The contract of silver.customers."""

from contracts.contract import Silver, column
from contracts.domain import HEX_ID, STATES, ZIP_PREFIX
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

    The source gives each order its own `customer_id`. Count people by `customer_unique_id`.
    """

    customer_id: str = column(str_matches=HEX_ID)
    customer_unique_id: str = column(str_matches=HEX_ID)
    customer_zip_code_prefix: str = column(str_matches=ZIP_PREFIX, looked_up_in=Geolocation)
    customer_city: str = column()
    customer_state: str = column(isin=STATES)
