"""Deletes: the latest record of a key decides whether silver has it, in any order of arrival."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from contracts import bronze
from contracts.technical_columns import PROVENANCE, UPSERT
from flows import delta
from flows.delta import data_files
from flows.delta.outcome import Outcome
from flows.delta.restore import release_table, restore_table
from flows.delta.status import status
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile
from flows.refresh.deduplicate import resolve_all
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from transforms import validation
from transforms.graph import tables

Land = Callable[..., Path]
ORDERS = tables()["silver.orders"]
SELLERS = tables()["silver.sellers"]
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
A, B = "a" * 32, "b" * 32
DELETE = {"_op": "delete"}
FUTURE = datetime.now(UTC) + timedelta(days=400)


def arrive(lake: str, land: Land, *orders: dict[str, str], hours: int = 0) -> None:
    """Ingest a file of orders that was written some hours after noon."""
    path = land(orders=orders) / "orders.csv"
    when = NOON + timedelta(hours=hours)
    ingest_table(lake, bronze.Orders, [LocalFile(path, path.name)], as_of=when)


def refresh(lake: str, *, rebuild: bool = False) -> tuple[int | None, ...]:
    """Refresh the orders; return records read, accepted, superseded, deleted and quarantined."""
    return counts(refresh_source_table(lake, ORDERS, rebuild=rebuild))


def counts(outcome: Outcome) -> tuple[int | None, ...]:
    return (
        outcome.read,
        outcome.accepted,
        outcome.superseded,
        outcome.deleted,
        outcome.quarantined,
    )


def statuses(lake: str) -> dict[str, str]:
    rows = delta.scan(delta.open_existing(lake, "silver.orders")).sort("order_id")
    return dict(rows.select("order_id", "order_status").collect().iter_rows())


def test_delete_removes_the_row_of_its_key(land: Land, lake: str) -> None:
    arrive(lake, land, {}, {"order_id": B})
    refresh(lake)
    arrive(lake, land, DELETE, hours=1)
    assert refresh(lake) == (1, 0, 0, 1, 0)
    assert statuses(lake) == {B: "delivered"}
    assert not refresh_source_table(lake, ORDERS).changed


def test_older_record_does_not_bring_a_deleted_row_back_and_a_later_one_does(
    land: Land, lake: str
) -> None:
    arrive(lake, land, DELETE, hours=2)
    assert refresh(lake) == (1, 0, 0, 1, 0)  # of a key that is not there yet
    arrive(lake, land, {"order_status": "shipped"}, {"order_id": B}, hours=1)
    assert refresh(lake) == (2, 1, 1, 0, 0)
    assert statuses(lake) == {B: "delivered"}
    arrive(lake, land, {"order_status": "created"}, hours=3)
    assert refresh(lake) == (1, 1, 0, 0, 0)
    assert statuses(lake) == {A: "created", B: "delivered"}
    assert refresh(lake, rebuild=True) == (4, 2, 2, 0, 0)


def test_repeated_delete_changes_nothing(land: Land, lake: str) -> None:
    arrive(lake, land, {}, DELETE)
    assert refresh(lake) == (2, 0, 1, 1, 0)
    arrive(lake, land, DELETE | {"order_status": "a reason for another digest"}, hours=-1)
    assert refresh(lake) == (1, 0, 1, 0, 0)
    handle = delta.open_table(lake, bronze.Orders)
    again = delta.scan(handle).filter(pl.col("_position") == 2).collect()
    moved = again.with_columns(_ingested_at=pl.lit(NOON, PROVENANCE["_ingested_at"]))
    delta.append(handle, moved, delta.commit_properties({}, {}))
    assert refresh(lake) == (1, 0, 1, 0, 0)


def test_last_record_of_a_file_decides(land: Land, lake: str) -> None:
    arrive(lake, land, {}, DELETE, {"order_id": B, **DELETE}, {"order_id": B})
    assert refresh(lake) == (4, 1, 2, 1, 0)
    assert statuses(lake) == {B: "delivered"}


def test_any_order_of_arrival_gives_the_same_silver(land: Land, lake: str) -> None:
    files = {
        0: [{"order_status": "created"}, {"order_id": B}],
        1: [DELETE],
        2: [{"order_status": "shipped"}, {"order_id": B, **DELETE}],
        3: [DELETE, {"order_id": B, "order_status": "approved"}],
    }
    for number, order in enumerate(permutations(files)):
        here = f"{lake}{number}"
        for hour in order:
            arrive(here, land, *files[hour], hours=hour)
            refresh(here)
        assert statuses(here) == {B: "approved"}
        assert status(here)["silver.orders"]["deletes"] == 3
    assert refresh(here, rebuild=True) == (7, 1, 5, 1, 0)
    assert statuses(here) == {B: "approved"}


def test_delete_without_key_and_unknown_operation_are_quarantined(land: Land, lake: str) -> None:
    nothing = dict.fromkeys(bronze.Orders.fields().names(), "")
    arrive(lake, land, {}, {**nothing, **DELETE}, {"_op": "drop"})
    outcome = refresh_source_table(lake, ORDERS)
    assert counts(outcome) == (3, 1, 0, 0, 2)
    assert outcome.broken_rules == {"operation_is_known": 1, "order_id_is_present": 1}


def test_deleted_row_gives_no_warning(land: Land, lake: str) -> None:
    late = {"order_delivered_carrier_date": "2017-12-30 00:00:00"}
    arrive(lake, land, late, {"order_id": B, **late})
    assert refresh_source_table(lake, ORDERS).warnings["delivered_not_before_carrier"] == 2
    arrive(lake, land, DELETE, hours=1)
    assert refresh_source_table(lake, ORDERS).warnings["delivered_not_before_carrier"] == 1


def test_replayed_record_stays_deleted(land: Land, lake: str) -> None:
    arrive(lake, land, {"order_status": "creatd"}, {"order_id": B})
    arrive(lake, land, DELETE, hours=1)
    assert refresh(lake) == (3, 1, 0, 1, 1)
    handle = delta.open_quarantine(lake, bronze.Orders)
    waiting = delta.scan(handle).collect().with_columns(order_status=pl.lit("created"))
    generation = handle.transaction_version("quarantine.orders") or 0
    watermark = delta.commit_properties({"quarantine.orders": generation}, {})
    delta.replace(handle, waiting, watermark)  # as if the code accepted the record now
    assert counts(replay_quarantine(lake, ORDERS)) == (1, 0, 1, 0, 0)
    assert statuses(lake) == {B: "delivered"}


def test_quarantined_delete_has_no_effect_until_its_replay(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, land, {}, {"order_id": "c" * 32, **DELETE})
    handle = delta.open_table(lake, bronze.Orders)
    ahead = pl.lit(FUTURE, PROVENANCE["_event_time"])
    early = delta.scan(handle).filter(pl.col("_position") == 2).collect()
    early = early.with_columns(_event_time=ahead, order_id=pl.lit(A))
    delta.append(handle, early, delta.commit_properties({}, {}))
    assert refresh(lake) == (3, 1, 0, 1, 1)
    monkeypatch.setattr(validation, "CLOCK_TOLERANCE", timedelta(days=800))  # its time has come
    arrive(lake, land, {"order_status": "shipped"}, hours=1)
    assert refresh(lake) == (1, 1, 0, 0, 0)
    assert statuses(lake) == {A: "shipped"}
    assert counts(replay_quarantine(lake, ORDERS)) == (1, 0, 0, 1, 0)
    assert statuses(lake) == {}


def test_record_of_a_lake_without_operations_is_an_upsert(land: Land, lake: str) -> None:
    arrive(lake, land, {}, {"order_id": B})
    handle = delta.open_existing(lake, "bronze.orders")
    older = delta.scan(handle).drop("_operation").collect()
    delta.replace(handle, older, delta.commit_properties({}, {}))
    assert refresh(lake) == (2, 2, 0, 0, 0)
    arrive(lake, land, DELETE, hours=1)
    assert refresh(lake) == (1, 0, 0, 1, 0)
    assert statuses(lake) == {B: "delivered"}


def test_restore_of_silver_forgets_its_deletes_until_the_next_refresh(
    land: Land, lake: str
) -> None:
    arrive(lake, land, {}, {"order_id": B})
    refresh(lake)
    arrive(lake, land, DELETE, hours=1)
    refresh(lake)
    restore_table(lake, "silver.orders", 1)
    assert status(lake)["silver.orders"]["deletes"] == 0
    release_table(lake, "silver.orders")
    assert refresh(lake) == (3, 1, 1, 1, 0)
    assert statuses(lake) == {B: "delivered"}


def test_restore_of_bronze_takes_a_delete_back(land: Land, lake: str) -> None:
    arrive(lake, land, {})
    refresh(lake)
    arrive(lake, land, DELETE, hours=1)
    refresh(lake)
    restore_table(lake, "bronze.orders", 1)
    refresh(lake)
    assert statuses(lake) == {A: "delivered"}
    assert status(lake)["silver.orders"]["deletes"] == 0


def sellers(*ids: int, operation: str = UPSERT, hour: int = 0) -> pl.LazyFrame:
    rows = [
        {
            "seller_id": f"{each:032x}",
            "seller_zip_code_prefix": "20040",
            "seller_city": "recife",
            "seller_state": "RJ",
            "_event_time": NOON.replace(hour=hour),
            "_operation": operation,
        }
        for each in ids
    ]
    return pl.LazyFrame(rows, {**bronze.Sellers.fields(), **PROVENANCE})


@pytest.mark.parametrize("size", [2, 5, 1000])
def test_result_does_not_depend_on_the_chunk_size(
    size: int, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_files, "ROWS", size)
    raw = pl.concat(
        [
            sellers(*range(30), hour=1),
            sellers(*range(10), operation="delete"),
            sellers(*range(20, 40), operation="delete", hour=2),
            sellers(*range(35, 45), hour=3),
        ]
    )
    silver = delta.open_table(lake, SELLERS.contract)
    result = resolve_all(raw, 70, silver, SELLERS, size)
    conserved = {"read": 70, "accepted": 30, "superseded": 25, "deleted": 15, "quarantined": 0}
    assert (result.metrics(), result.deletes) == (conserved, 30)


def test_source_of_deletes_alone_gives_an_empty_table(lake: str) -> None:
    silver = delta.open_table(lake, SELLERS.contract)
    result = resolve_all(sellers(1, 1, 2, operation="delete"), 3, silver, SELLERS, 5)
    assert (result.rows, result.deleted, result.superseded) == (0, 2, 1)
    delta.replace(silver, result.accepted, delta.commit_properties({}, {}))
    assert delta.rows(silver) == 0
