"""Source tables: records are validated and deduplicated once, even if a process dies."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from deltalake.exceptions import CommitFailedError
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.technical_columns import PROVENANCE
from flows import delta
from flows.delta.commit_log import last_metrics
from flows.delta.transactions import CODE_VERSION
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile
from flows.refresh import source_tables
from flows.refresh.deduplicate import resolve_batch
from flows.refresh.source_tables import OUT_OF_STEP, refresh_source_table, replay_quarantine
from tests.support.examples import examples
from transforms.graph import Table, tables

Land = Callable[..., Path]
ORDERS = tables()["silver.orders"]
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
A, B = "a" * 32, "b" * 32


def arrive(lake: str, path: Path, hours: int = 0) -> None:
    ingest_table(
        lake, bronze.Orders, [LocalFile(path, path.name)], as_of=NOON + timedelta(hours=hours)
    )


def silver(lake: str) -> pl.DataFrame:
    rows = delta.scan(delta.open_existing(lake, "silver.orders"))
    return rows.drop("_version").sort("order_id").collect()


def quarantine(lake: str) -> pl.DataFrame:
    return delta.scan(delta.open_existing(lake, "quarantine.orders")).sort("_position").collect()


def statuses(lake: str) -> dict[str, str]:
    return dict(silver(lake).select("order_id", "order_status").iter_rows())


def lenient(table: Table) -> Table:
    """Return the table with changed code: it accepts a misspelt status as `created`."""

    def orders(raw: pl.LazyFrame) -> pl.LazyFrame:
        fixed = pl.col("order_status").replace("creatd", "created")
        return table.function(raw.with_columns(fixed))

    return replace(table, function=orders)


def test_record_is_accepted_superseded_or_quarantined(land: Land, lake: str) -> None:
    landing = land(orders=[{}, {}, {"order_id": B}, {"order_id": "x"}, {"order_status": "creatd"}])
    arrive(lake, landing / "orders.csv")
    outcome = refresh_source_table(lake, ORDERS)
    assert (outcome.read, outcome.accepted, outcome.superseded, outcome.quarantined) == (5, 2, 1, 2)
    assert outcome.broken_rules == {"order_id_is_well_formed": 1, "order_status_is_known": 1}
    metrics = last_metrics(delta.open_existing(lake, "silver.orders"))
    conserved = {"read": 5, "accepted": 2, "superseded": 1, "deleted": 0, "quarantined": 2}
    assert metrics.items() >= conserved.items()


def test_quarantine_holds_the_raw_record_and_its_provenance(land: Land, lake: str) -> None:
    landing = land(orders=[{}, {"order_status": " Creatd", "order_purchase_timestamp": "soon"}])
    arrive(lake, landing / "orders.csv")
    refresh_source_table(lake, ORDERS)
    row = quarantine(lake).row(0, named=True)
    assert row["order_status"] == " Creatd"
    assert row["order_purchase_timestamp"] == "soon"
    assert row["_position"] == 2
    assert row["_source"].endswith("/orders.csv")
    assert row["_broken_rules"] == [
        "order_status_is_known",
        "order_purchase_timestamp_is_a_timestamp",
    ]


def test_batch_of_invalid_records_advances_the_watermark(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    arrive(lake, land(orders=[{"order_id": "x"}]) / "orders.csv")
    assert refresh_source_table(lake, ORDERS).quarantined == 1
    assert not refresh_source_table(lake, ORDERS).changed
    assert statuses(lake) == {A: "delivered"}


def test_only_new_records_are_read(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{}, {"order_id": B}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    arrive(lake, land(orders=[{"order_status": "shipped"}]) / "orders.csv", hours=1)
    outcome = refresh_source_table(lake, ORDERS)
    assert (outcome.read, outcome.accepted, outcome.rows) == (1, 1, 2)
    assert statuses(lake) == {A: "shipped", B: "delivered"}


def test_too_many_new_records_cause_a_full_refresh(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_CHUNK_ROWS", "8")
    arrive(lake, land(orders=[{}, {"order_id": B}]) / "orders.csv")
    assert refresh_source_table(lake, ORDERS).rows == 2
    arrive(lake, land(orders=[{"order_status": "shipped"}]) / "orders.csv", hours=1)
    assert not refresh_source_table(lake, ORDERS).full_refresh_reason
    many = [{"order_status": "invoiced"}, {"order_id": "x"}, {"order_id": "c" * 32}]
    arrive(lake, land(orders=many) / "orders.csv", hours=2)
    outcome = refresh_source_table(lake, ORDERS)
    assert outcome.full_refresh_reason == "3 new records do not fit into memory at once"
    assert (outcome.read, outcome.quarantined, len(quarantine(lake))) == (6, 1, 1)
    assert statuses(lake) == {A: "invoiced", B: "delivered", "c" * 32: "delivered"}


def test_older_version_does_not_replace_a_later_one(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{"order_status": "shipped"}]) / "orders.csv", hours=1)
    refresh_source_table(lake, ORDERS)
    arrive(lake, land(orders=[{"order_status": "created"}]) / "orders.csv", hours=0)
    assert refresh_source_table(lake, ORDERS).superseded == 1
    assert statuses(lake) == {A: "shipped"}


def test_rebuild_gives_the_same_table(land: Land, lake: str) -> None:
    for hour, status in enumerate(["created", "shipped", "nonsense"]):
        landing = land(orders=[{"order_status": status}, {"order_id": B}])
        arrive(lake, landing / "orders.csv", hours=hour)
        refresh_source_table(lake, ORDERS)
    silver_before, quarantine_before = silver(lake), quarantine(lake)
    outcome = refresh_source_table(lake, ORDERS, rebuild=True)
    assert (outcome.read, outcome.quarantined) == (6, 1)
    assert_frame_equal(silver(lake), silver_before)
    assert_frame_equal(quarantine(lake), quarantine_before)


def test_changed_code_causes_a_full_refresh(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{"order_status": "creatd"}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    delta.append(
        delta.open_existing(lake, "silver.orders"),
        silver(lake).with_columns(_version=pl.lit(9, pl.Int64)).clear(),
        delta.commit_properties({CODE_VERSION: 1}, {}),
    )
    outcome = refresh_source_table(lake, lenient(ORDERS))
    assert outcome.full_refresh_reason == "the code changed"
    assert statuses(lake) == {A: "created"}
    assert not refresh_source_table(lake, lenient(ORDERS)).changed


def test_warnings_are_counted_over_all_rows_of_the_table(land: Land, lake: str) -> None:
    late = {"order_delivered_carrier_date": "2017-12-30 00:00:00"}
    arrive(lake, land(orders=[late, {"order_id": B}]) / "orders.csv")
    assert refresh_source_table(lake, ORDERS).warnings["delivered_not_before_carrier"] == 1
    arrive(lake, land(orders=[{}, {"order_id": B, **late}]) / "orders.csv", hours=1)
    arrive(lake, land(orders=[{"order_id": "c" * 32, **late}]) / "orders.csv", hours=1)
    assert refresh_source_table(lake, ORDERS).warnings["delivered_not_before_carrier"] == 2
    assert refresh_source_table(lake, ORDERS).warnings["delivered_not_before_carrier"] == 2


def test_crash_between_the_commits_leaves_each_record_in_one_table(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, land(orders=[{"order_id": B}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    arrive(lake, land(orders=[{"order_status": "creatd"}]) / "orders.csv", hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(source_tables, "merge_rows", _die)
        with pytest.raises(KeyboardInterrupt):
            refresh_source_table(lake, ORDERS)
    assert len(quarantine(lake)) == 1
    outcome = refresh_source_table(lake, ORDERS)
    assert (outcome.read, outcome.full_refresh_reason) == (2, OUT_OF_STEP)
    assert len(quarantine(lake)) == 1
    assert statuses(lake) == {B: "delivered"}
    refresh_source_table(lake, lenient(ORDERS))
    assert statuses(lake) == {A: "created", B: "delivered"}
    assert quarantine(lake).is_empty()


def test_refresh_recovers_from_a_crash_during_a_rebuild_with_other_code(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = land(orders=[{"order_status": "creatd"}, {"order_id": B}])
    arrive(lake, landing / "orders.csv")
    refresh_source_table(lake, ORDERS)
    with monkeypatch.context() as patch:
        patch.setattr(delta, "commit_properties", _dying_after(1, delta.commit_properties))
        with pytest.raises(KeyboardInterrupt):
            refresh_source_table(lake, lenient(ORDERS), rebuild=True)
    assert quarantine(lake).is_empty()
    assert statuses(lake) == {B: "delivered"}
    refresh_source_table(lake, ORDERS)
    assert len(quarantine(lake)) == 1
    assert statuses(lake) == {B: "delivered"}


def test_refresh_recovers_from_a_crash_during_a_replay(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, land(orders=[{"order_status": "creatd"}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    with monkeypatch.context() as patch:
        patch.setattr(source_tables, "merge_rows", _die)
        with pytest.raises(KeyboardInterrupt):
            replay_quarantine(lake, lenient(ORDERS))
    assert quarantine(lake).is_empty()
    refresh_source_table(lake, lenient(ORDERS))
    assert statuses(lake) == {A: "created"}


def test_compaction_of_bronze_repeats_no_record(land: Land, lake: str) -> None:
    for status in ("?", "shipped", "!"):
        arrive(lake, land(orders=[{"order_status": status}]) / "orders.csv")
        refresh_source_table(lake, ORDERS)
    delta.open_existing(lake, "bronze.orders").optimize.compact()
    refresh_source_table(lake, ORDERS)
    assert len(quarantine(lake)) == 2
    assert statuses(lake) == {A: "shipped"}


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _dying_after(calls: int, do: Callable[..., Any]) -> Callable[..., Any]:
    remaining = iter([do] * calls + [_die])

    def do_or_die(*arguments: Any) -> Any:
        return next(remaining)(*arguments)

    return do_or_die


def test_stale_writer_gets_a_conflict_and_writes_nothing(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, land(orders=[{"order_status": "creatd"}]) / "orders.csv")
    refresh_source_table(lake, ORDERS)
    arrive(lake, land(orders=[{"order_id": B, "order_status": "?"}]) / "orders.csv", hours=1)

    def resolve_slowly(*arguments: Any) -> object:
        monkeypatch.undo()
        arrive(lake, land(orders=[{"order_id": "!"}]) / "orders.csv", hours=2)
        refresh_source_table(lake, ORDERS)  # a faster writer
        return resolve_batch(*arguments)

    monkeypatch.setattr(source_tables, "resolve_batch", resolve_slowly)
    with pytest.raises(CommitFailedError):
        refresh_source_table(lake, ORDERS)
    assert len(quarantine(lake)) == 3
    assert silver(lake).is_empty()


def test_replay_moves_records_that_are_valid_now(land: Land, lake: str) -> None:
    landing = land(orders=[{"order_status": "creatd"}, {"order_id": "x"}])
    arrive(lake, landing / "orders.csv")
    refresh_source_table(lake, ORDERS)
    assert not replay_quarantine(lake, ORDERS).changed
    outcome = replay_quarantine(lake, lenient(ORDERS))
    assert (outcome.read, outcome.accepted, outcome.quarantined) == (2, 1, 1)
    assert statuses(lake) == {A: "created"}
    assert quarantine(lake)["_broken_rules"].to_list() == [["order_id_is_well_formed"]]


def test_replay_does_not_bring_back_an_older_version(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{"order_status": "creatd"}]) / "orders.csv")
    arrive(lake, land(orders=[{"order_status": "shipped"}]) / "orders.csv", hours=1)
    refresh_source_table(lake, ORDERS)
    assert replay_quarantine(lake, lenient(ORDERS)).superseded == 1
    assert statuses(lake) == {A: "shipped"}
    assert quarantine(lake).is_empty()


def test_rows_with_warnings_are_accepted(land: Land, lake: str) -> None:
    landing = land(orders=[{"order_delivered_customer_date": ""}])
    arrive(lake, landing / "orders.csv")
    outcome = refresh_source_table(lake, ORDERS)
    assert outcome.accepted == 1
    assert outcome.warnings == {
        "carrier_not_before_approval": 0,
        "delivered_not_before_carrier": 0,
        "delivered_with_a_date": 1,
    }


VERSIONS = st.tuples(
    st.sampled_from([A, B, "broken"]),
    st.sampled_from(["created", "shipped", "delivered"]),
    st.integers(0, 3),
)


@examples(12)
@given(
    deliveries=st.lists(st.lists(VERSIONS, max_size=4), min_size=1, max_size=4),
    refreshed=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_any_delivery_at_any_time_gives_the_same_silver(
    deliveries: Sequence[Sequence[tuple[str, str, int]]], refreshed: Sequence[bool]
) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as many:
        named = [
            [(name, position, version) for position, version in enumerate(delivery)]
            for name, delivery in enumerate(deliveries)
        ]
        _append(one, [version for delivery in reversed(named) for version in reversed(delivery)])
        refresh_source_table(one, ORDERS)
        for delivery, now in zip(named, refreshed, strict=False):
            _append(many, delivery)
            if now:
                refresh_source_table(many, ORDERS)
        refresh_source_table(many, ORDERS)
        assert_frame_equal(silver(one), silver(many))
        assert len(quarantine(one)) == len(quarantine(many))


def _append(lake: str, versions: Sequence[tuple[int, int, tuple[str, str, int]]]) -> None:
    handle = delta.open_table(lake, bronze.Orders)
    rows = [
        {
            "order_id": order_id,
            "customer_id": A,
            "order_status": status,
            "order_purchase_timestamp": "2017-01-01 00:00:00",
            "order_estimated_delivery_date": "2017-01-02 00:00:00",
            "_source": f"file/{position:064}/{name}.csv",
            "_position": position,
            "_event_time": NOON + timedelta(hours=hours),
        }
        for name, position, (order_id, status, hours) in versions
    ]
    schema = {**bronze.Orders.fields(), **PROVENANCE}
    frame = pl.DataFrame(rows, schema)
    delta.append(handle, frame, delta.commit_properties({}, {}))


def test_any_order_of_three_files_gives_the_same_silver(land: Land, lake: str) -> None:
    files = [
        land(folder=name, orders=[{"order_status": name}]) / "orders.csv"
        for name in ("created", "approved", "shipped")
    ]
    results = set()
    for number, order in enumerate(permutations(enumerate(files))):
        here = f"{lake}{number}"
        for hours, path in order:
            arrive(here, path, hours=hours)
            refresh_source_table(here, ORDERS)
        results.add(tuple(statuses(here).items()))
    assert results == {((A, "shipped"),)}
