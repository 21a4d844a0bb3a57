"""silver.geolocation."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.silver.geolocation import Geolocation
from contracts.silver.geolocation_points import GeolocationPoints

PREFIX = "zip_code_prefix"


def geolocation(
    points: Annotated[LazyFrame, GeolocationPoints],
) -> Annotated[LazyFrame, Geolocation]:
    """Collapse the points of a zip prefix to one.

    Latitude and longitude are medians of their own: a far outlier moves neither. Of two cities
    named equally often the first in the alphabet wins, and its state with it.
    """
    middle = points.group_by(PREFIX).agg(col("latitude").median(), col("longitude").median())
    usual = (
        points.group_by(PREFIX, "city", "state")
        .agg(named=pl.len())
        .sort(col("named"), "city", "state", descending=[True, False, False])
        .unique(PREFIX, keep="first", maintain_order=True)
        .select(PREFIX, "city", "state")
    )
    return middle.join(usual, on=PREFIX)
