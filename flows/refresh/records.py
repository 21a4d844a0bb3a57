"""Records of a source: those of some keys, and their typed versions."""

import polars as pl
from deltalake import DeltaTable
from polars import col

from contracts.technical_columns import SILVER_PROVENANCE
from flows import delta
from transforms.graph import Table
from transforms.validation import is_delete


def records_of(source: Table, bronze: DeltaTable, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the raw records of some keys.

    First find the records by their typed keys, whatever the function does to a raw key, reading
    only the columns of the key. Then read the other columns of these records.

    Args:
        source: the silver table that types the records.
        bronze: a handle on their table.
        keys: values of some or all columns of the natural key; without columns, no record has them.
    """
    raw, key = delta.scan(bronze), keys.columns
    if not key:
        return raw.collect_schema().to_frame()
    typed = source.function(raw).select(key)
    origins = (
        pl.concat([typed, raw.select(ORIGIN)], how="horizontal")
        .join(keys.lazy(), on=key, how="semi")
        .select(ORIGIN)
        .unique()
        .collect(engine="streaming")
    )
    return records_at(bronze, origins)


def records_at(bronze: DeltaTable, origins: pl.DataFrame) -> pl.DataFrame:
    """Return the raw records of some origins: rows of `_position` and `_source`."""
    positions = origins["_position"]
    # Polars skips parts of files by bounds, but not by a list.
    is_within = (
        pl.lit(value=True)
        if positions.has_nulls()
        else col("_position").is_between(positions.min(), positions.max())
    )
    is_wanted = col("_position").is_in(positions.unique().implode(), nulls_equal=True)
    return (
        delta.scan(bronze)
        .filter(is_within, is_wanted)
        .join(origins.lazy(), on=ORIGIN, how="semi", nulls_equal=True)
        .collect(engine="streaming")
    )


ORIGIN = ["_position", "_source"]
"""The columns that say where a record came from."""


def without(raw: pl.DataFrame, quarantined: pl.LazyFrame) -> pl.DataFrame:
    """Return the records that are not in quarantine."""
    columns = [name for name in quarantined.collect_schema() if name in raw.columns]
    invalid = quarantined.select(columns).collect()
    return raw.join(invalid, on=columns, how="anti", nulls_equal=True)


def typed_versions(source: Table, raw: pl.DataFrame) -> pl.DataFrame:
    """Type valid records.

    Shape: `_is_delete`, the columns of the silver contract and of `SILVER_PROVENANCE`, one row per
    record, in their order.
    """
    parts = [
        raw.lazy().select(_is_delete=is_delete()),
        source.function(raw.lazy()).select(source.contract.fields().names()),
        raw.lazy().select(SILVER_PROVENANCE.names()),
    ]
    return pl.concat(parts, how="horizontal").collect()
