"""Derived tables: refreshed when an input changes, checked before they are written."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from contracts.silver.customers import Customers
from contracts.table_check import ContractBrokenError
from flows import delta
from flows.delta.outcome import Outcome
from flows.pipeline.plan import plan
from flows.refresh.derived_tables import refresh_derived_table
from tests.support.refresh import change, ingest, refresh
from transforms.graph import tables

Land = Callable[..., Path]
EVERYTHING = (
    "orders",
    "order_items",
    "order_payments",
    "order_reviews",
    "customers",
    "products",
    "sellers",
    "geolocation",
    "product_category_name_translation",
)
DERIVED = tuple(name for name, table in tables().items() if not table.records)


def bring_up(landing: Path, lake: str) -> dict[str, bool]:
    """Ingest and refresh without Prefect; return the names of changed tables."""
    return {name: outcome.changed for name, outcome in outcomes(landing, lake).items()}


def outcomes(landing: Path, lake: str) -> dict[str, Outcome]:
    """Ingest and refresh without Prefect."""
    ingest(landing, lake)
    return refresh(lake)


def gold(lake: str, table: str) -> pl.DataFrame:
    return delta.scan(delta.open_existing(lake, f"gold.{table}")).collect()


def test_one_order_becomes_one_sale(land: Land, lake: str) -> None:
    bring_up(land(**{name: [{}] for name in EVERYTHING}), lake)
    sale = gold(lake, "fact_sales").row(0, named=True)
    assert (sale["date_key"], sale["purchase_month"]) == (20171124, "2017-11")
    assert str(sale["total_order_item_value"]) == "110.00"
    assert (sale["delivery_lag_days"], sale["delivered_on_time"]) == (10, True)
    assert gold(lake, "dim_product")["product_category_name_english"].item() == "books"
    assert gold(lake, "dim_customer")["latitude"].item() == -23.56


@pytest.mark.parametrize("lost", ["bronze", "silver"])
def test_input_that_was_created_again_is_noticed(lost: str, land: Land, lake: str) -> None:
    landing = land(**{name: [{}] for name in EVERYTHING})
    bring_up(landing, lake)
    (landing / "orders.csv").unlink()
    shutil.rmtree(Path(lake, lost, "orders"))
    bring_up(land(orders_2=[{"order_status": "canceled"}]), lake)
    assert gold(lake, "fact_orders")["order_status"].to_list() == ["canceled"]
    assert not any(outcome.changed for outcome in refresh(lake).values())


def test_refresh_without_new_files_changes_nothing(land: Land, lake: str) -> None:
    landing = land(**{name: [{}] for name in EVERYTHING})
    assert all(bring_up(landing, lake).values())
    assert not any(bring_up(landing, lake).values())


def test_single_file_creates_all_tables(land: Land, lake: str) -> None:
    bring_up(land(order_items=[{}]), lake)
    assert gold(lake, "fact_sales").is_empty()
    assert gold(lake, "dim_product")["inferred"].to_list() == [True]


def test_late_dimension_row_replaces_the_inferred_one(land: Land, lake: str) -> None:
    bring_up(land(orders=[{}], order_items=[{}]), lake)
    assert gold(lake, "dim_customer").select("customer_state", "inferred").row(0) == (None, True)
    bring_up(land("late", customers=[{}]), lake)
    assert gold(lake, "dim_customer").select("customer_state", "inferred").row(0) == ("SP", False)
    assert gold(lake, "fact_sales").height == 1
    assert gold(lake, "fact_orders")["customer_state"].to_list() == ["SP"]
    assert gold(lake, "mart_delivery_by_state")["customer_state"].to_list() == ["SP"]


def test_late_order_brings_its_items_to_gold(land: Land, lake: str) -> None:
    bring_up(land(order_items=[{}], order_payments=[{}], order_reviews=[{}]), lake)
    bring_up(land("late", orders=[{}]), lake)
    for fact in ("fact_sales", "fact_orders", "fact_payments", "fact_reviews"):
        assert gold(lake, fact).height == 1


def test_only_tables_downstream_of_a_change_are_refreshed(land: Land, lake: str) -> None:
    bring_up(land(**{name: [{}] for name in EVERYTHING}), lake)
    changed = bring_up(land("late", sellers=[{"seller_city": "niteroi"}]), lake)
    assert {name for name, yes in changed.items() if yes} == {
        *("silver.sellers", "silver.sellers_history", "gold.dim_seller", "gold.mart_order_stages")
    }


def test_only_affected_rows_are_written(land: Land, lake: str) -> None:
    two = [{}, {"order_id": "b" * 32}]
    bring_up(land(orders=two, order_items=two, order_payments=two), lake)
    landing = land("late", order_payments=[{"order_id": "b" * 32, "payment_sequential": "2"}])
    done = outcomes(landing, lake)
    assert {name: each.written for name, each in done.items() if each.written} == {
        "silver.order_payments": 1,
        "gold.fact_orders": 1,
        "gold.fact_payments": 1,
        "gold.fact_sales": 1,
        "gold.agg_monthly_payments": 1,
        "gold.mart_payment_mix": 1,
    }


def test_changed_lookup_affects_the_rows_that_refer_to_it(land: Land, lake: str) -> None:
    far = {"customer_id": "d" * 32, "customer_zip_code_prefix": "20040"}
    bring_up(land(customers=[{}, far], geolocation=[{}]), lake)
    landing = land("late", geolocation=[{"geolocation_lat": "-20.0"}])
    assert outcomes(landing, lake)["gold.dim_customer"].written == 1
    assert gold(lake, "dim_customer").sort("customer_id")["latitude"].to_list() == [-21.78, None]


def test_changed_dimension_affects_the_facts_that_refer_to_it(land: Land, lake: str) -> None:
    items = [{}, {"order_item_id": "2", "product_id": "9" * 32}]
    bring_up(land(orders=[{}], order_items=items, products=[{}]), lake)
    done = outcomes(land("late", products=[{"product_category_name": "bebes"}]), lake)
    assert (done["gold.fact_sales"].written, done["gold.fact_sales"].full_refresh_reason) == (1, "")
    sales = gold(lake, "fact_sales").sort("order_item_id")
    assert sales["category"].to_list() == ["bebes", "unknown"]
    assert gold(lake, "mart_category")["category"].sort().to_list() == ["bebes", "unknown"]


def test_order_that_moves_to_another_month_leaves_the_first(land: Land, lake: str) -> None:
    bring_up(land(orders=[{}, {"order_id": "b" * 32}]), lake)
    bring_up(land("late", orders=[{"order_purchase_timestamp": "2017-10-31 10:00:00"}]), lake)
    for table in ("agg_monthly_orders", "mart_monthly_sales"):
        counts = gold(lake, table).sort("purchase_month").select("purchase_month", "orders")
        assert counts.rows() == [("2017-10", 1), ("2017-11", 1)]


def test_recency_of_all_people_changes_once_a_month(land: Land, lake: str) -> None:
    people = [{}, {"customer_id": "d" * 32, "customer_unique_id": "d" * 32}]
    bring_up(land(orders=[{}], customers=people), lake)

    def late(name: str, day: str) -> int:
        order = {"order_id": name * 32, "customer_id": "d" * 32, "order_purchase_timestamp": day}
        return outcomes(land(name, orders=[order]), lake)["gold.mart_customer_rfm"].written

    assert late("d", "2017-11-29 10:00:00") == 1
    assert late("e", "2017-12-01 10:00:00") == 2
    recency = gold(lake, "mart_customer_rfm").sort("customer_unique_id")["recency_days"]
    assert recency.to_list() == [30, 37]


TWO_ORDERS: dict[str, list[dict[str, str]]] = {
    "orders": [{}, {"order_id": "b" * 32, "customer_id": "d" * 32}],
    "order_items": [{}, {"order_id": "b" * 32}],
    "customers": [{}, {"customer_id": "d" * 32, "customer_unique_id": "d" * 32}],
    "products": [{}],
}


def test_a_removed_row_refreshes_only_its_keys(land: Land, lake: str) -> None:
    bring_up(land(**TWO_ORDERS), lake)
    change(lake, "silver.orders", pl.col("order_id") == "b" * 32)
    done = refresh(lake, *DERIVED)
    assert {name: each.full_refresh_reason for name, each in done.items()} == dict.fromkeys(
        DERIVED, ""
    )
    assert gold(lake, "fact_orders")["order_id"].to_list() == ["a" * 32]
    assert gold(lake, "mart_customer_rfm")["customer_unique_id"].to_list() == ["f" * 32]
    assert gold(lake, "mart_monthly_sales")["orders"].to_list() == [1]
    assert gold(lake, "dim_customer").filter("inferred").is_empty()
    written = {name for name, each in done.items() if each.written}
    assert not written & {"gold.fact_orders", "gold.fact_sales", "gold.agg_customer_months"}


def test_a_removed_lookup_affects_the_rows_that_refer_to_it(land: Land, lake: str) -> None:
    bring_up(land(**TWO_ORDERS, geolocation=[{}]), lake)
    change(lake, "silver.products", pl.lit(value=True))
    change(lake, "silver.geolocation_points", pl.lit(value=True))
    done = refresh(lake, *DERIVED)
    assert (done["gold.dim_customer"].written, done["gold.fact_sales"].written) == (2, 2)
    assert gold(lake, "dim_customer")["latitude"].to_list() == [None, None]
    assert gold(lake, "dim_product")["inferred"].to_list() == [True]
    assert gold(lake, "mart_category")["category"].to_list() == ["unknown"]


def test_a_late_customer_refreshes_the_person_it_was_before(land: Land, lake: str) -> None:
    late, *others = reversed(TWO_ORDERS["customers"])
    bring_up(land(**{**TWO_ORDERS, "customers": others}), lake)
    done = outcomes(land("late", customers=[{**late, "customer_unique_id": "9" * 32}]), lake)
    assert not any(each.full_refresh_reason for each in done.values())
    assert done["gold.agg_customer_months"].written == 1
    people = gold(lake, "mart_customer_rfm")["customer_unique_id"].sort().to_list()
    assert people == ["9" * 32, "f" * 32]


def test_removed_rows_whose_files_are_deleted_cause_a_full_refresh(land: Land, lake: str) -> None:
    bring_up(land(**TWO_ORDERS), lake)
    change(lake, "silver.orders", pl.col("order_id") == "b" * 32)
    silver = delta.open_existing(lake, "silver.orders")
    silver.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    fact = plan(lake)["gold.fact_orders"]
    reason = "silver.orders lost rows since version 1, whose files have been deleted"
    assert fact.full_refresh_reason == reason
    assert refresh(lake, *DERIVED)["gold.fact_orders"].full_refresh_reason == reason
    assert gold(lake, "fact_orders")["order_id"].to_list() == ["a" * 32]


def test_change_of_unknown_effect_affects_all_rows(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Customers, "lookups", dict)
    bring_up(land(customers=[{}], geolocation=[{}]), lake)
    bring_up(land("late", geolocation=[{"geolocation_lat": "-20.0"}]), lake)
    landing = land("later", geolocation=[{"geolocation_lat": "-21.0"}])
    outcome = outcomes(landing, lake)["gold.dim_customer"]
    assert outcome.full_refresh_reason == "silver.geolocation changed and has no customer_id"
    assert gold(lake, "dim_customer")["latitude"].item() == -21.0


def test_rows_that_break_the_contract_are_not_written(land: Land, lake: str) -> None:
    bring_up(land(**{name: [{}] for name in EVERYTHING}), lake)
    good = tables()["gold.fact_sales"]

    def fact_sales(**inputs: pl.LazyFrame) -> pl.LazyFrame:
        wrong = pl.lit("0" * 32).alias("product_id")
        return good.function(**inputs).with_columns(pl.col("freight_value").alias("price"), wrong)

    broken = replace(good, function=fact_sales)
    with pytest.raises(ContractBrokenError) as caught:
        refresh_derived_table(lake, broken, rebuild=True)
    assert "gold.fact_sales breaks its contract" in str(caught.value)
    assert "total_is_price_plus_freight (rows: 1, such as aaaa" in str(caught.value)
    assert "product_id_is_in_gold.dim_product (rows: 1" in str(caught.value)
    assert delta.open_existing(lake, "gold.fact_sales").version() == 1


def test_fact_sales_is_partitioned_by_purchase_month(land: Land, lake: str) -> None:
    bring_up(land(**{name: [{}] for name in EVERYTHING}), lake)
    handle = delta.open_existing(lake, "gold.fact_sales")
    assert handle.metadata().partition_columns == ["purchase_month"]
    assert [p["purchase_month"] for p in handle.partitions()] == ["2017-11"]


def test_path_of_a_lake_may_have_spaces_and_accents(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "my lake é")
    bring_up(land(**{name: [{}] for name in EVERYTHING}), lake)
    bring_up(land("late", orders=[{"order_status": "shipped"}]), lake)
    assert gold(lake, "fact_sales")["order_status"].to_list() == ["shipped"]
