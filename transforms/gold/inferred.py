"""Inferred members: what facts mention and a dimension does not know yet."""

import polars as pl


def with_inferred_members(known: pl.LazyFrame, facts: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Add a row (key only, `inferred` true) for each key of `facts` that `known` lacks.

    So foreign keys always hold; the real row takes the place of the inferred one when it comes.
    Shape: the columns of `known` and `inferred`; one row per key.
    """
    missing = facts.select(key).unique().join(known, on=key, how="anti")
    return pl.concat(
        [
            known.with_columns(inferred=pl.lit(value=False)),
            missing.with_columns(inferred=pl.lit(value=True)),
        ],
        how="diagonal",
    )
