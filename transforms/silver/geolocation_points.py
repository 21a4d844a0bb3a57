"""silver.geolocation_points."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.geolocation_points import GeolocationPoints
from transforms.parse import city_name, decimal_degrees, text


def geolocation_points(
    raw: Annotated[LazyFrame, bronze.Geolocation],
) -> Annotated[LazyFrame, GeolocationPoints]:
    """Type each point record."""
    return raw.select(
        text("geolocation_zip_code_prefix").alias("zip_code_prefix"),
        decimal_degrees("geolocation_lat").alias("latitude"),
        decimal_degrees("geolocation_lng").alias("longitude"),
        city_name("geolocation_city").alias("city"),
        text("geolocation_state").alias("state"),
    )
