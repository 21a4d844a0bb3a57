"""Which version of a record silver keeps, across files, refreshes and tables of older code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.technical_columns import SILVER_PROVENANCE
from flows import delta
from flows.delta import data_files
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from transforms import validation
from transforms.graph import tables

Land = Callable[..., Path]
ORDERS = tables()["silver.orders"]
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
A, B = "a" * 32, "b" * 32


def file(land: Land, name: str, *statuses: str) -> Path:
    path = land(folder=name, orders=[{"order_status": status} for status in statuses])
    return (path / "orders.csv").rename(path / f"{name}.csv")


def arrive(lake: str, path: Path, when: datetime = NOON) -> None:
    ingest_table(lake, bronze.Orders, [LocalFile(path, path.name)], as_of=when)


def silver(lake: str) -> pl.DataFrame:
    rows = delta.scan(delta.open_existing(lake, "silver.orders"))
    return rows.drop("_version").sort("order_id").collect()


def test_last_row_of_a_file_is_the_state_of_an_order(land: Land, lake: str) -> None:
    arrive(lake, file(land, "orders", "shipped", "delivered", "canceled"))
    outcome = refresh_source_table(lake, ORDERS)
    assert (outcome.accepted, outcome.superseded) == (1, 2)
    row = silver(lake).row(0, named=True)
    assert (row["order_status"], row["_position"]) == ("canceled", 3)
    assert row["_source"].endswith("/orders.csv")


def test_last_name_wins_among_files_of_the_same_time_in_any_order_of_arrival(
    land: Land, lake: str
) -> None:
    files = [
        file(land, "orders_1", "shipped", "delivered"),
        file(land, "orders_2", "canceled", "approved"),
        file(land, "orders_3", "unavailable", "creatd"),
    ]
    found = []
    for number, order in enumerate(permutations(files)):
        here = f"{lake}{number}"
        for path in order:
            arrive(here, path)
            refresh_source_table(here, ORDERS)
        found.append(silver(here))
        refresh_source_table(here, ORDERS, rebuild=True)
        found.append(silver(here))
    assert found[0]["order_status"].to_list() == ["unavailable"]
    for other in found[1:]:
        assert_frame_equal(other, found[0])


@pytest.mark.parametrize("bring_up", [refresh_source_table, replay_quarantine])
def test_table_without_provenance_columns_is_rebuilt(
    bring_up: Callable[..., object], land: Land, lake: str
) -> None:
    arrive(lake, file(land, "orders", "shipped", "delivered", "creatd"))
    refresh_source_table(lake, ORDERS)
    expected = silver(lake)
    handle = delta.open_existing(lake, "silver.orders")
    older = delta.scan(handle).drop("_source", "_position")
    older = older.with_columns(
        order_status=pl.lit("shipped")
    )  # by the order of versions at that time
    written = data_files.write_files(handle, [older.collect()])
    delta.rebuild(handle, written, delta.commit_properties({}, {}), ORDERS.contract)
    bring_up(lake, ORDERS)
    assert_frame_equal(silver(lake), expected)
    assert delta.rows(delta.open_existing(lake, "quarantine.orders")) == 1


def test_record_from_the_future_does_not_win_before_its_time(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timedelta(days=400)
    arrive(lake, file(land, "orders_1", "created"))
    handle = delta.open_table(lake, bronze.Orders)
    early = (
        delta.scan(handle)
        .collect()
        .with_columns(
            pl.lit("canceled").alias("order_status"),
            pl.lit(datetime.now(UTC) + ahead, SILVER_PROVENANCE["_event_time"]).alias(
                "_event_time"
            ),
        )
    )
    delta.append(handle, early, delta.commit_properties({}, {}))
    assert refresh_source_table(lake, ORDERS).broken_rules == {validation.FUTURE: 1}
    arrive(lake, file(land, "orders_2", "shipped"), NOON + timedelta(hours=1))
    refresh_source_table(lake, ORDERS)
    assert silver(lake)["order_status"].to_list() == ["shipped"]
    assert not replay_quarantine(lake, ORDERS).changed
    monkeypatch.setattr(validation, "CLOCK_TOLERANCE", 2 * ahead)  # as if that time had come
    replay_quarantine(lake, ORDERS)
    assert silver(lake)["order_status"].to_list() == ["canceled"]
    assert delta.rows(delta.open_existing(lake, "quarantine.orders")) == 0
