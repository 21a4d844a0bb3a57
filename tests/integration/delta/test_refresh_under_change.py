"""Refresh while code, columns or other writers change."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deltalake.exceptions import CommitFailedError, SchemaMismatchError

from contracts import bronze
from contracts.contract import Gold, column
from contracts.silver.sellers import Sellers
from contracts.technical_columns import PROVENANCE, stored_schema
from flows import delta
from flows.delta import data_files
from flows.pipeline.plan import plan
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table
from tests.support.refresh import ingest, refresh
from transforms.graph import tables

Land = Callable[..., Path]
NOTHING = delta.commit_properties({}, {})


class Address(Gold, key=("id",), incremental_key=("id",), partition_by=("city",)):
    """One row per id."""

    id: str = column()
    city: str = column(nullable=True)


def test_rows_with_unknown_columns_are_refused(land: Land, lake: str) -> None:
    ingest(land(sellers=[{}]), lake)
    handle = delta.open_table(lake, bronze.Sellers)
    row = {"seller_id": "9" * 32, "nickname": "x"}
    schema = {**bronze.Sellers.fields(), "nickname": pl.String(), **PROVENANCE}
    with pytest.raises(SchemaMismatchError, match="nickname"):
        delta.append(handle, pl.DataFrame([row], schema), NOTHING)


def test_new_column_of_a_bronze_contract_is_added_to_its_table(land: Land, lake: str) -> None:
    class Sellers(bronze.Sellers):
        nickname: str = column()

    ingest(land(sellers=[{}]), lake)
    version = delta.open_table(lake, bronze.Sellers).version()
    handle = delta.open_table(lake, Sellers)
    row = {"seller_id": "9" * 32, "nickname": "x"}
    delta.append(handle, pl.DataFrame([row], stored_schema(Sellers)), NOTHING)
    names = delta.scan(delta.open_existing(lake, "bronze.sellers")).sort("seller_id")
    assert names.collect()["nickname"].to_list() == ["x", None]
    appended = delta.appended_since(handle, version)
    assert appended is not None
    assert appended[0].collect()["nickname"].to_list() == ["x"]


def test_table_without_an_incremental_key_gets_a_new_column(land: Land, lake: str) -> None:
    ingest(land(orders=[{}]), lake)
    refresh(lake)
    handle = delta.open_existing(lake, "gold.dim_date")
    older = delta.scan(handle).drop("is_weekend").collect()
    inputs = tables()["gold.dim_date"].input_names
    consumed = {name: handle.transaction_version(name) or 0 for name in inputs}
    delta.replace(handle, older, delta.commit_properties(consumed, {}))
    outcome = refresh_derived_table(lake, tables()["gold.dim_date"], rebuild=True)
    assert outcome.rows == 365


def test_plan_accepts_a_lake_without_versions(land: Land, lake: str) -> None:
    ingest(land(geolocation=[{}]), lake)
    refresh(lake)
    # The state after a run of the previous release that stopped between silver and gold.
    handle = delta.open_existing(lake, "silver.geolocation_points")
    delta.replace(handle, delta.scan(handle).drop("_version").collect(), NOTHING)
    assert (
        plan(lake, rebuild=True)["silver.geolocation"].full_refresh_reason
        == "a rebuild was requested"
    )


def test_contract_may_change_while_its_source_is_empty(lake: str) -> None:
    delta.open_table(lake, bronze.Sellers)
    handle = delta.open_table(lake, Sellers)
    older = delta.scan(handle).drop("seller_state").collect()
    delta.replace(handle, older, NOTHING)
    refresh_source_table(lake, tables()["silver.sellers"])
    columns = [field.name for field in delta.open_existing(lake, "silver.sellers").schema().fields]
    assert "seller_state" in columns


@pytest.mark.parametrize("city", [None, "", "a/b", "são paulo", "a=b", "50%"])
def test_partition_value_that_is_unsafe_in_a_path_is_refused(lake: str, city: str | None) -> None:
    handle = delta.open_table(lake, Address)
    with pytest.raises(ValueError, match="partition columns"):
        delta.replace(handle, pl.DataFrame([{"id": "1", "city": city}], Address.fields()), NOTHING)


def test_fact_is_retried_if_its_dimensions_have_read_different_versions(
    land: Land, lake: str
) -> None:
    ingest(land(orders=[{}], order_items=[{"seller_id": "1" * 32}], products=[{}]), lake)
    refresh(lake)
    late = {"seller_id": "2" * 32, "price": "5.00"}
    ingest(land("late", orders=[{"order_status": "shipped"}], order_items=[late]), lake)
    # Another refresh has not updated dim_product yet.
    refresh(lake, "silver.order_items", "silver.orders", "gold.dim_seller", "gold.dim_customer")
    with pytest.raises(CommitFailedError, match="try again"):
        refresh(lake, "gold.dim_date", "gold.fact_sales")
    refresh(lake)
    assert delta.rows(delta.open_existing(lake, "gold.fact_sales")) == 1


def test_change_in_one_month_rewrites_only_that_month(land: Land, lake: str) -> None:
    orders = [
        {
            "order_id": f"{month:032x}",
            "order_purchase_timestamp": f"{2016 + month // 12}-{month % 12 + 1:02}-05 10:00:00",
            "order_estimated_delivery_date": "2018-06-01 00:00:00",
            "order_delivered_customer_date": "",
        }
        for month in range(24)
    ]
    items = [{"order_id": order["order_id"]} for order in orders]
    ingest(land(orders=orders, order_items=items), lake)
    refresh(lake)
    before = set(data_files.files(delta.open_existing(lake, "gold.fact_sales"))["path"])
    ingest(land("late", order_items=[{**items[5], "price": "5.00"}]), lake)
    refresh(lake)
    after = set(data_files.files(delta.open_existing(lake, "gold.fact_sales"))["path"])
    assert len(before - after) == 1
