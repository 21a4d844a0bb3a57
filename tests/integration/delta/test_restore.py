"""Restores of a table to an earlier version, with a refresh of everything downstream."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from flows import delta
from flows.config.errors import ConservationError, RunFailedError, UnknownTableError
from flows.delta.outcome import Outcome
from flows.delta.restore import release_table, restore_table
from flows.delta.table_names import existing_tables, resolve_table
from flows.delta.versions import NoVersionError
from flows.pipeline import ingest, maintain, refresh, restore, run, runs
from tests.support.command import invoke
from tests.support.landing import write

Land = Callable[..., Path]
A, B = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def made(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with an order and a later one, and the landing zones of both."""
    assert prefect_server
    folder = tmp_path_factory.mktemp("two")
    for order in (A, B):
        rows = [{"order_id": order}]
        landing = write(folder / order[0], orders_1=rows, order_items=rows)
        run(str(landing), str(folder / "lake"))
    return folder


@pytest.fixture
def two_orders(made: Path, tmp_path: Path, lake: str) -> str:
    """A copy of that lake, with copies of its landing zones."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return lake


def orders(lake: str, name: str) -> set[str]:
    found = delta.scan(delta.open_existing(lake, name)).select(pl.col("order_id").unique())
    return set(found.collect().to_series())


def of(outcomes: list[Outcome], name: str) -> Outcome:
    (found,) = (each for each in outcomes if each.table == name)
    return found


def test_a_bronze_restore_refreshes_all_downstream_tables(two_orders: str, land: Land) -> None:
    outcomes = restore("bronze.orders", 1, two_orders)
    assert of(outcomes, "bronze.orders").removed_sources == ("orders_1.csv",)
    for name in ("bronze.orders", "silver.orders", "gold.fact_sales", "gold.fact_orders"):
        assert orders(two_orders, name) == {A}
    assert orders(two_orders, "silver.order_items") == {A, B}  # not downstream of it

    release_table(two_orders, "bronze.orders")
    ingest(str(land("b")), two_orders)  # the same file may be ingested again
    refresh(two_orders)
    for name in ("bronze.orders", "silver.orders", "gold.fact_sales", "gold.fact_orders"):
        assert orders(two_orders, name) == {A, B}
    assert not any(outcome.changed for outcome in refresh(two_orders))


def test_a_restore_is_reported_even_if_a_downstream_table_fails(
    two_orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Outcome:
        message = "the counts do not add up"
        raise ConservationError(message)

    monkeypatch.setattr(runs, "refresh_table", fail)
    with pytest.raises(RunFailedError) as caught:
        restore("bronze.orders", 1, two_orders)
    assert of(caught.value.outcomes, "bronze.orders").removed_sources == ("orders_1.csv",)


def test_a_restore_works_while_another_table_is_held(two_orders: str) -> None:
    restore("gold.dim_customer", 1, two_orders)
    restore("silver.order_items", 1, two_orders)
    assert orders(two_orders, "gold.fact_sales") == {A}
    for name in ("gold.dim_customer", "silver.order_items"):
        release_table(two_orders, name)
    refresh(two_orders)
    assert orders(two_orders, "gold.fact_sales") == {A, B}


def test_a_refresh_after_release_continues_from_the_restored_version(two_orders: str) -> None:
    restore("silver.orders", 1, two_orders)
    assert orders(two_orders, "silver.orders") == {A}
    assert orders(two_orders, "gold.fact_sales") == {A}
    refresh(two_orders)
    assert orders(two_orders, "silver.orders") == {A}
    release_table(two_orders, "silver.orders")
    refresh(two_orders)
    assert orders(two_orders, "silver.orders") == {A, B}
    assert orders(two_orders, "gold.fact_sales") == {A, B}


def test_a_restored_fact_refreshes_its_marts(two_orders: str) -> None:
    outcomes = restore("gold.fact_sales", 1, two_orders)
    marts = ["gold.mart_category", "gold.mart_seller_scorecard"]
    assert {outcome.table for outcome in outcomes} == {
        "gold.fact_sales",
        "gold.agg_monthly_categories",
        "gold.agg_monthly_sellers",
        "gold.mart_order_stages",
        *marts,
    }
    assert orders(two_orders, "gold.fact_sales") == {A}
    assert [units(two_orders, mart) for mart in marts] == [1, 1]
    release_table(two_orders, "gold.fact_sales")
    refresh(two_orders)
    assert orders(two_orders, "gold.fact_sales") == {A, B}
    assert [units(two_orders, mart) for mart in marts] == [2, 2]


def test_a_table_without_readers_is_restored_alone(two_orders: str) -> None:
    (outcome,) = restore("gold.mart_category", 1, two_orders)
    assert outcome.table == "gold.mart_category"
    assert units(two_orders, "gold.mart_category") == 1
    release_table(two_orders, "gold.mart_category")
    refresh(two_orders)
    assert units(two_orders, "gold.mart_category") == 2


def units(lake: str, mart: str) -> int:
    rows = delta.scan(delta.open_existing(lake, mart))
    return int(rows.select(pl.col("units").sum()).collect().item())


def test_a_restore_can_be_undone(two_orders: str) -> None:
    newest = delta.open_existing(two_orders, "bronze.orders").version()
    restore("bronze.orders", 1, two_orders)
    restore("bronze.orders", newest, two_orders)
    for name in ("bronze.orders", "silver.orders", "gold.fact_sales"):
        assert orders(two_orders, name) == {A, B}


def test_a_file_is_known_again_after_an_undone_restore(two_orders: str, land: Land) -> None:
    newest = delta.open_existing(two_orders, "bronze.orders").version()
    restore("bronze.orders", 1, two_orders)
    restore("bronze.orders", newest, two_orders)
    release_table(two_orders, "bronze.orders")
    ingest(str(land("b")), two_orders)
    assert delta.rows(delta.open_existing(two_orders, "bronze.orders")) == 2


def test_version_0_of_a_table_is_empty(two_orders: str) -> None:
    restore("silver.orders", 0, two_orders)
    assert orders(two_orders, "gold.fact_orders") == set()
    release_table(two_orders, "silver.orders")
    refresh(two_orders)
    assert orders(two_orders, "gold.fact_orders") == {A, B}


def test_history_lists_what_each_version_did(two_orders: str) -> None:
    restore("bronze.orders", 1, two_orders)
    lines = invoke("history", "bronze.orders", "--lake", two_orders).splitlines()
    parts = [re.split(r"  +", line.strip()) for line in lines if line[:2].strip().isdigit()]
    assert [(part[0], part[-1]) for part in parts] == [
        ("3", "file orders_1.csv, read 1, restored 1"),
        ("2", "file orders_1.csv, read 1"),
        ("1", "file orders_1.csv, read 1"),
        ("0", "create table"),
    ]


@pytest.mark.parametrize("version", [2, 99])
def test_a_restore_to_the_newest_or_a_later_version_is_rejected(
    two_orders: str, version: int
) -> None:
    with pytest.raises(NoVersionError, match="the newest is 2"):
        restore_table(two_orders, "bronze.orders", version)


def test_an_unknown_table_is_rejected_with_a_suggestion(two_orders: str) -> None:
    with pytest.raises(UnknownTableError, match=r"no table gold\.fact_sale; nearest: "):
        resolve_table(two_orders, "gold.fact_sale")


def test_maintain_optimizes_every_table(two_orders: str) -> None:
    before = {name: orders(two_orders, name) for name in ("bronze.orders", "gold.fact_sales")}
    done = {each.table: each for each in maintain(two_orders)}
    assert done.keys() == set(existing_tables(two_orders))
    assert done["bronze.orders"].compacted == 2
    assert {name: orders(two_orders, name) for name in before} == before
