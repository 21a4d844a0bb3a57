"""Technical columns of stored tables."""

import polars as pl

from contracts import bronze
from contracts.gold.fact_sales import FactSales
from contracts.silver.geolocation import Geolocation
from contracts.silver.sellers import Sellers
from contracts.technical_columns import (
    BROKEN_RULES,
    PROVENANCE,
    ROW_VERSION,
    SILVER_PROVENANCE,
    quarantine_schema,
    stored_schema,
)

MOMENT = pl.Datetime("us", "UTC")


def test_every_technical_column_begins_with_an_underscore() -> None:
    assert all(
        name.startswith("_")
        for name in (*PROVENANCE, *SILVER_PROVENANCE, *BROKEN_RULES, *ROW_VERSION)
    )


def test_bronze_is_stored_with_provenance() -> None:
    source = ["seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"]
    assert stored_schema(bronze.Sellers) == {**dict.fromkeys(source, pl.String), **PROVENANCE}


def test_silver_from_records_is_stored_with_provenance() -> None:
    origin = {"_source": pl.String, "_position": pl.Int64, "_event_time": MOMENT}
    assert stored_schema(Sellers) == {**Sellers.fields(), **origin, **ROW_VERSION}


def test_derived_tables_are_stored_with_a_version_only() -> None:
    assert stored_schema(Geolocation) == {**Geolocation.fields(), **ROW_VERSION}
    assert stored_schema(FactSales) == {**FactSales.fields(), **ROW_VERSION}


def test_quarantine_has_the_raw_record_and_broken_rules() -> None:
    assert quarantine_schema(bronze.Sellers) == {
        **stored_schema(bronze.Sellers),
        "_broken_rules": pl.List(pl.String),
    }
