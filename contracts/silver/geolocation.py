"""The contract of silver.geolocation."""

from contracts.contract import Silver, column
from contracts.domain import STATES, ZIP_PREFIX


class Geolocation(Silver, key=("zip_code_prefix",), incremental_key=("zip_code_prefix",)):
    """One row per zip code prefix, with its median coordinates and most frequent city and state.

    Each row of `silver.geolocation_points` counts once, so a repeated delivery changes nothing.
    """

    zip_code_prefix: str = column(str_matches=ZIP_PREFIX)
    latitude: float = column(description="Median latitude of the points in degrees north.")
    longitude: float = column(description="Median longitude of the points in degrees east.")
    city: str = column(
        description="Most frequent city of the points, in lower case and without accents. "
        "Spellings that differ in case, accents or spaces count together."
    )
    state: str = column(
        isin=STATES, description="Most frequent state of the points in that city (UF)."
    )
