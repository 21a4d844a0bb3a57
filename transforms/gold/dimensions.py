"""Steps that several dimensions share."""

import polars as pl


def with_inferred_members(known: pl.LazyFrame, facts: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Add a row with only its key and `inferred` true for each key of `facts` not in `known`.

    So foreign keys always hold. When the real row arrives, it replaces the inferred one.

    Shape: the columns of `known` and `inferred`, one row per key.
    """
    missing = facts.select(key).unique().join(known, on=key, how="anti")
    return pl.concat(
        [
            known.with_columns(inferred=pl.lit(value=False)),
            missing.with_columns(inferred=pl.lit(value=True)),
        ],
        how="diagonal",
    )


def with_coordinates(
    rows: pl.LazyFrame, geolocation: pl.LazyFrame, zip_code_prefix: str
) -> pl.LazyFrame:
    """Add the coordinates of the zip code prefix in a column, null for an unknown prefix.

    Shape: the rows with `latitude` and `longitude` in degrees.
    """
    points = geolocation.select("zip_code_prefix", "latitude", "longitude")
    return rows.join(points, left_on=zip_code_prefix, right_on="zip_code_prefix", how="left")
