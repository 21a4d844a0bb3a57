"""Where a zip prefix lies."""

import polars as pl


def with_coordinates(
    rows: pl.LazyFrame, geolocation: pl.LazyFrame, zip_code_prefix: str
) -> pl.LazyFrame:
    """Add the latitude and longitude of the zip prefix in a column; null where it is unknown.

    Shape: the rows as they are, with the two columns, in degrees.
    """
    points = geolocation.select("zip_code_prefix", "latitude", "longitude")
    return rows.join(points, left_on=zip_code_prefix, right_on="zip_code_prefix", how="left")
