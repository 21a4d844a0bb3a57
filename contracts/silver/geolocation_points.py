"""The contract of silver.geolocation_points."""

import polars as pl
from polars import col

from contracts.contract import Silver, column, rule
from contracts.domain import STATES, ZIP_PREFIX


class GeolocationPoints(Silver, key=("zip_code_prefix", "latitude", "longitude", "city", "state")):
    """One row per distinct point of a zip code prefix.

    Two spellings of the city make two points. A repeated delivery adds nothing.
    """

    zip_code_prefix: str = column(source="geolocation_zip_code_prefix", str_matches=ZIP_PREFIX)
    latitude: float = column(source="geolocation_lat", description="Latitude in degrees north.")
    longitude: float = column(source="geolocation_lng", description="Longitude in degrees east.")
    city: str = column(source="geolocation_city")
    state: str = column(source="geolocation_state", isin=STATES)

    @rule
    def inside_brazil(cls) -> pl.Expr:
        """The point is in the bounding box of Brazil's mainland and inhabited islands."""
        latitude, longitude = col("latitude"), col("longitude")
        return latitude.is_between(-33.76, 5.28) & longitude.is_between(-73.99, -32.37)
