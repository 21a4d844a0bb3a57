"""The contract of silver.geolocation."""

from contracts.contract import Silver, column
from contracts.vocabulary import STATES, ZIP_PREFIX


class Geolocation(Silver, key=("zip_code_prefix",), scope=("zip_code_prefix",)):
    """One row per zip prefix: its middle, and the city and state most often named for it."""

    zip_code_prefix: str = column(str_matches=ZIP_PREFIX)
    latitude: float = column(description="Degrees north: the median of the prefix's points.")
    longitude: float = column(description="Degrees east: the median of the prefix's points.")
    city: str = column()
    state: str = column(isin=STATES)
