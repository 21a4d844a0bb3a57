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

    Latitude and longitude are medians of their own: a far outlier moves neither, and a point under
    two spellings of its city counts once. Each distinct point and spelling has one vote for a city
    and state, in which spellings of one city count together. Of two cities with equally many votes
    the first in the alphabet wins, and its state with it.
    """
    middle = (
        points.unique([PREFIX, "latitude", "longitude"])
        .group_by(PREFIX)
        .agg(col("latitude").median(), col("longitude").median())
    )
    usual = (
        points.group_by(PREFIX, _folded("city"), "state")
        .agg(votes=pl.len())
        .sort(col("votes"), "city", "state", descending=[True, False, False])
        .unique(PREFIX, keep="first", maintain_order=True)
        .select(PREFIX, "city", "state")
    )
    return middle.join(usual, on=PREFIX)


def _folded(city: str) -> pl.Expr:
    """The name of a city in lower case, without accents, with one space between words."""
    bare = col(city).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return bare.str.replace_all(r"\s+", " ")
