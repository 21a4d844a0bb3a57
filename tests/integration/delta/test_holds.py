"""A restored table does not change until it is released."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.bronze import Sellers
from flows import delta, pipeline
from flows.config.errors import RunFailedError, UnknownTableError
from flows.delta.holds import HeldError, held_since
from flows.delta.optimize import optimize_table
from flows.delta.restore import release_table, restore_table
from flows.delta.status import status
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.pipeline.plan import plan
from flows.pipeline.summary import remarks
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from flows.site.docs.build import write_docs
from tests.support.arrivals import sellers_arrive
from tests.support.command import invoke
from tests.support.refresh import ingest, refresh
from transforms.graph import tables

Land = Callable[..., Path]
SELLERS = tables()["silver.sellers"]


@pytest.fixture
def restored(lake: str) -> str:
    """A lake whose silver table of two sellers is restored to the version with one."""
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    restore_table(lake, "silver.sellers", 1)
    return lake


def vacuum(lake: str, table: str) -> None:
    """Delete the files that the newest version does not use, as weeks later."""
    handle = delta.open_existing(lake, table)
    assert handle.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)


def rows(lake: str, table: str = "silver.sellers") -> int:
    return delta.rows(delta.open_existing(lake, table))


def test_refresh_and_replay_do_not_change_a_held_table(restored: str) -> None:
    sellers_arrive(restored, 2)
    version = delta.open_existing(restored, "silver.sellers").version()
    for outcome in (
        refresh_source_table(restored, SELLERS),
        refresh_source_table(restored, SELLERS, rebuild=True),
        replay_quarantine(restored, SELLERS),
    ):
        assert not outcome.changed
        assert datetime.fromisoformat(outcome.held_since) <= datetime.now(UTC)
    assert delta.open_existing(restored, "silver.sellers").version() == version
    planned = plan(restored, rebuild=True)["silver.sellers"]
    assert planned.outcome
    assert planned.outcome.held_since


def test_a_refresh_updates_a_released_table(restored: str) -> None:
    since = held_since(delta.open_existing(restored, "silver.sellers"))
    released = release_table(restored, "silver.sellers")
    assert (released.since, released.version) == (since, 4)
    assert held_since(delta.open_existing(restored, "silver.sellers")) is None
    outcome = refresh_source_table(restored, SELLERS)
    assert (outcome.held_since, outcome.changed) == ("", True)
    assert rows(restored) == 2


def test_a_release_of_a_table_that_is_not_held_changes_nothing(restored: str) -> None:
    release_table(restored, "silver.sellers")
    assert release_table(restored, "silver.sellers")[1:] == (None, 4)
    with pytest.raises(UnknownTableError, match=r"nearest: silver\.sellers"):
        release_table(restored, "silver.selers")


def test_a_released_table_can_be_restored_again(restored: str) -> None:
    release_table(restored, "silver.sellers")
    refresh_source_table(restored, SELLERS)
    assert restore_table(restored, "silver.sellers", 2).held_since
    refresh_source_table(restored, SELLERS)
    assert delta.open_existing(restored, "silver.sellers").version() == 6


def test_downstream_is_refreshed_from_the_held_version(land: Land, lake: str) -> None:
    ingest(land(products=[{}]), lake)
    refresh(lake, "silver.products", "gold.dim_product")
    ingest(land("more", products=[{"product_id": "2" * 32}]), lake)
    refresh(lake, "silver.products", "gold.dim_product")
    assert rows(lake, "gold.dim_product") == 2
    restore_table(lake, "silver.products", 1)
    outcomes = refresh(lake, "silver.products", "gold.dim_product")
    assert outcomes["silver.products"].held_since
    assert not outcomes["gold.dim_product"].held_since
    assert rows(lake, "gold.dim_product") == 1


def test_a_derived_table_can_be_held(land: Land, lake: str) -> None:
    ingest(land(products=[{}]), lake)
    refresh(lake, "silver.products", "gold.dim_product")
    restore_table(lake, "gold.dim_product", 0)
    assert refresh(lake, "gold.dim_product", rebuild=True)["gold.dim_product"].held_since
    assert rows(lake, "gold.dim_product") == 0


def test_a_held_dimension_that_needs_a_version_that_is_gone_is_named(land: Land, lake: str) -> None:
    def deliver(price: str) -> None:
        ingest(land(orders=[{}], order_items=[{"price": price}]), lake)
        pipeline.refresh(lake)

    deliver("1.00")
    deliver("2.00")
    restore_table(lake, "gold.dim_seller", 1)
    vacuum(lake, "silver.order_items")
    with pytest.raises(RunFailedError, match=r"gold\.dim_seller has consumed .* release it"):
        deliver("3.00")
    release_table(lake, "gold.dim_seller")
    pipeline.refresh(lake)
    sales = delta.scan(delta.open_existing(lake, "gold.fact_sales")).collect()
    assert [str(price) for price in sales["price"]] == ["3.00"]


def test_a_held_silver_table_that_needs_a_version_that_is_gone_is_named(lake: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        pipeline.refresh(lake)
    optimize_table(lake, "bronze.sellers", keep=timedelta(days=7))
    vacuum(lake, "bronze.sellers")
    restore_table(lake, "silver.sellers", 1)
    with pytest.raises(RunFailedError, match=r"silver\.sellers, or release it if it is held"):
        pipeline.refresh(lake)


def test_the_files_of_a_held_bronze_table_stay_in_the_landing_zone(
    land: Land, lake: str, tmp_path: Path
) -> None:
    ingest(land(sellers=[{}]), lake)
    restore_table(lake, "bronze.sellers", 0)
    landing = land("more", sellers=[{"seller_id": "1" * 32}])
    files, _ = find_files(str(landing))
    outcome = ingest_table(lake, Sellers, files[Sellers], archive=str(tmp_path / "archive"))
    assert (outcome.changed, outcome.rows, bool(outcome.held_since)) == (False, 0, True)
    assert [path.name for path in landing.iterdir()] == ["sellers.csv"]
    release_table(lake, "bronze.sellers")
    assert ingest_table(lake, Sellers, files[Sellers]).read == 1


def test_nothing_is_appended_to_a_held_table(lake: str) -> None:
    sellers_arrive(lake, 0)
    restore_table(lake, "bronze.sellers", 0)
    with pytest.raises(HeldError, match=r"^bronze\.sellers: held since .*keystone release"):
        sellers_arrive(lake, 1)


def test_an_optimized_table_stays_held(restored: str) -> None:
    optimize_table(restored, "silver.sellers", timedelta(days=7))
    assert held_since(delta.open_existing(restored, "silver.sellers"))
    assert rows(restored) == 1


def test_commands_and_docs_show_a_hold_and_its_start(restored: str, tmp_path: Path) -> None:
    since = held_since(delta.open_existing(restored, "silver.sellers"))
    assert since
    line = f"silver.sellers: held since {since:%Y-%m-%d %H:%M} UTC"
    assert status(restored)["silver.sellers"]["held"] == since.isoformat()
    assert status(restored)["bronze.sellers"]["held"] is None
    assert line in invoke("status", "--lake", restored)
    found = json.loads(invoke("status", "--lake", restored, "--json"))["tables"]
    assert found["silver.sellers"]["held"] == since.isoformat()
    assert line in invoke("history", "silver.sellers", "--lake", restored)
    assert remarks([refresh_source_table(restored, SELLERS)])["Held"][0].startswith(line)
    write_docs(restored, tmp_path / "docs")
    page = (tmp_path / "docs" / "silver.sellers.html").read_text()
    assert f"since {since:%Y-%m-%d %H:%M} UTC" in page
    assert "keystone release silver.sellers" in page


def test_the_release_command_prints_its_result(restored: str) -> None:
    since = held_since(delta.open_existing(restored, "silver.sellers"))
    released = invoke("release", "silver.sellers", "--lake", restored)
    assert released.startswith("silver.sellers: released in version 4; it was held since ")
    assert f"{since:%Y-%m-%d %H:%M}" in released
    again = invoke("release", "silver.sellers", "--lake", restored)
    assert again == "silver.sellers: not held; nothing has changed.\n"
    assert "released; held since" in invoke("history", "silver.sellers", "--lake", restored)
