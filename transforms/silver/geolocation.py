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
    """Reduce the points of each zip code prefix to one.

    The coordinates are medians of the distinct points, so outliers do not matter. The city and
    state are the most frequent ones, counted together for spellings that differ only in case,
    accents or spaces. Ties go to the first city in alphabetical order.
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
    """Return the name of a city in lower case, without accents, with single spaces."""
    bare = col(city).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return bare.str.replace_all(r"\s+", " ")
