"""History tables follow silver: late, repeated, invalid and replayed records, restores, chunks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Silver, column
from contracts.technical_columns import DELETE
from flows import delta
from flows.delta.commit_log import last_metrics
from flows.delta.outcome import Outcome
from flows.delta.restore import release_table, restore_table
from flows.refresh import source_tables
from flows.refresh.history_tables import refresh_history_table
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from tests.support.arrivals import NOON, arrived
from tests.support.good_records import GOOD
from transforms import validation
from transforms.graph import tables
from transforms.history import history_of

SELLERS, HISTORY = tables()["silver.sellers"], tables()["silver.sellers_history"]
A, B = "a" * 32, "b" * 32

DELETED = "deleted"
"""The city of records that delete their key."""

Record = tuple[str, int, str]
"""Raw key, hour of the event time, city."""
Held = tuple[str, str | None, int, int | None]
"""Key, city, hours from and to which it held."""


def arrive(lake: str, *records: Record) -> None:
    """Append records to bronze, each at its own position."""
    handle = delta.open_table(lake, bronze.Sellers)
    rows = [{**GOOD["sellers"], "seller_id": key, "seller_city": city} for key, _, city in records]
    frame = arrived(pl.DataFrame(rows, bronze.Sellers.fields()), [hour for _, hour, _ in records])
    deletes = pl.when(pl.col("seller_city") == DELETED).then(pl.lit(DELETE))
    moved = frame.with_columns(
        pl.col("_position") + delta.rows(handle), _operation=deletes.otherwise("_operation")
    )
    delta.append(handle, moved, delta.commit_properties({}, {}))


def refresh(lake: str, *, rebuild: bool = False) -> Outcome:
    refresh_source_table(lake, SELLERS, rebuild=rebuild)
    return refresh_history_table(lake, HISTORY, rebuild=rebuild)


def rows(lake: str) -> pl.DataFrame:
    stored = delta.scan(delta.open_existing(lake, HISTORY.name))
    return stored.sort("seller_id", "valid_from").collect()


def held(lake: str) -> list[Held]:
    def hour(name: str) -> pl.Expr:
        return (pl.col(name) - NOON).dt.total_hours()

    return (
        rows(lake).select("seller_id", "seller_city", hour("valid_from"), hour("valid_to")).rows()
    )


def test_a_late_version_splits_an_interval_of_its_key_only(lake: str) -> None:
    arrive(lake, (A, 1, "x"), (B, 1, "x"))
    assert refresh(lake).written == 2
    arrive(lake, (A, 5, "x"))
    assert refresh(lake).written == 0
    assert held(lake) == [(A, "x", 1, None), (B, "x", 1, None)]
    arrive(lake, (A, 3, "y"))
    outcome = refresh(lake)
    assert (outcome.written, outcome.rows, outcome.full_refresh_reason) == (3, 4, "")
    assert held(lake) == [(A, "x", 1, 3), (A, "y", 3, 5), (A, "x", 5, None), (B, "x", 1, None)]
    versions = dict(rows(lake).group_by("seller_id").agg(pl.col("_version").unique()).iter_rows())
    assert versions == {A: [3], B: [1]}
    assert not refresh(lake).changed


def test_versions_are_intervals_merged_or_superseded(lake: str) -> None:
    arrive(lake, (A, 1, "x"), (A, 1, "y"), (A, 2, "y"), (B, 1, "x"))
    refresh(lake)
    metrics = last_metrics(delta.open_existing(lake, HISTORY.name))
    conserved = {"rows": 2, "versions": 4, "merged": 1, "superseded": 1}
    assert metrics.items() >= conserved.items()


def test_versions_of_a_key_are_found_however_the_source_spells_it(lake: str) -> None:
    arrive(lake, (f" {A}", 1, "x"))
    refresh(lake)
    arrive(lake, (f"{A} ", 2, "y"))
    refresh(lake)
    assert held(lake) == [(A, "x", 1, 2), (A, "y", 2, None)]


def test_invalid_records_are_no_versions(lake: str) -> None:
    arrive(lake, (A, 1, "x"), (A, 2, " "), ("A", 1, "x"))
    refresh(lake)
    arrive(lake, (A, 3, ""), (A, 4, "y"))
    assert not refresh(lake).full_refresh_reason
    assert held(lake) == [(A, "x", 1, 4), (A, "y", 4, None)]
    refresh(lake, rebuild=True)
    assert held(lake) == [(A, "x", 1, 4), (A, "y", 4, None)]


def test_a_replayed_record_is_a_version_even_if_it_is_superseded_in_silver(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = (datetime.now(UTC) - NOON) // timedelta(hours=1)
    arrive(lake, (A, 1, "x"), (A, hours + 9, "y"), (A, hours + 12, "z"))
    assert refresh(lake).written == 1
    refresh(lake, rebuild=True)
    assert held(lake) == [(A, "x", 1, None)]
    monkeypatch.setattr(validation, "CLOCK_TOLERANCE", timedelta(days=2))  # as if time had passed
    assert replay_quarantine(lake, SELLERS).accepted == 1
    outcome = refresh_history_table(lake, HISTORY)
    assert outcome.full_refresh_reason == "the records in quarantine were validated again"
    expected = [(A, "x", 1, hours + 9), (A, "y", hours + 9, hours + 12), (A, "z", hours + 12, None)]
    assert held(lake) == expected


def test_a_delete_is_an_interval_until_the_key_comes_again(lake: str) -> None:
    arrive(lake, (A, 1, "x"), (A, 3, DELETED), (B, 1, "x"))
    refresh(lake)
    assert held(lake) == [(A, "x", 1, 3), (A, None, 3, None), (B, "x", 1, None)]
    arrive(lake, (A, 5, "y"), (B, 2, DELETED))
    assert not refresh(lake).full_refresh_reason
    expected = [
        *((A, "x", 1, 3), (A, None, 3, 5), (A, "y", 5, None)),
        *((B, "x", 1, 2), (B, None, 2, None)),
    ]
    assert held(lake) == expected
    assert rows(lake)["is_deleted"].to_list() == [False, True, False, False, True]
    assert rows(lake)["is_current"].to_list() == [False, False, True, False, False]
    refresh(lake, rebuild=True)
    assert held(lake) == expected


def test_a_delete_of_an_unknown_key_is_remembered(lake: str) -> None:
    arrive(lake, (A, 3, DELETED))
    refresh(lake)
    assert held(lake) == [(A, None, 3, None)]
    arrive(lake, (A, 1, "x"))
    refresh(lake)
    assert held(lake) == [(A, "x", 1, 3), (A, None, 3, None)]


def test_history_does_not_run_ahead_of_silver(lake: str) -> None:
    arrive(lake, (A, 1, "x"))
    refresh(lake)
    arrive(lake, (A, 2, "y"))
    assert not refresh_history_table(lake, HISTORY).changed
    assert held(lake) == [(A, "x", 1, None)]
    assert refresh(lake).written == 2


def test_a_quarantine_that_is_ahead_of_silver_does_not_count(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(lake, (A, 1, "x"), (A, 2, ""))
    refresh_source_table(lake, SELLERS)
    arrive(lake, (A, 3, ""))
    with monkeypatch.context() as dying:
        dying.delattr(source_tables, "_write_silver")
        with pytest.raises(NameError):
            refresh_source_table(lake, SELLERS)
    assert delta.rows(delta.open_existing(lake, "quarantine.sellers")) == 2
    refresh_history_table(lake, HISTORY)
    assert held(lake) == [(A, "x", 1, None)]
    assert refresh(lake).full_refresh_reason


def test_history_follows_a_restore_of_silver_and_its_release(lake: str) -> None:
    for hour, city in enumerate(["x", "", "y"], 1):
        arrive(lake, (A, hour, city), (B, 1, city))
        refresh(lake)
    now = held(lake)
    restore_table(lake, "silver.sellers", 1)
    refresh(lake)
    assert held(lake) == [(A, "x", 1, None), (B, "x", 1, None)]
    release_table(lake, "silver.sellers")
    refresh(lake)
    assert held(lake) == now


def test_a_restored_history_catches_up_after_its_release(lake: str) -> None:
    for hour, city in enumerate(["x", "y", ""], 1):
        arrive(lake, (A, hour, city))
        refresh(lake)
    now = held(lake)
    restore_table(lake, HISTORY.name, 1)
    assert not refresh(lake).changed
    assert held(lake) == [(A, "x", 1, None)]
    release_table(lake, HISTORY.name)
    assert refresh(lake).full_refresh_reason == ""
    assert held(lake) == now


@pytest.mark.parametrize("chunk_rows", ["1", "8", "100"])
def test_chunks_give_the_same_history(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_rows: str
) -> None:
    records = [
        (f"{number % 7:032x}", number % 5, ["x", "y", DELETED][number % 3] if number % 9 else "")
        for number in range(60)
    ]
    whole = str(tmp_path / "whole")
    arrive(whole, *records)
    refresh(whole)
    monkeypatch.setenv("KEYSTONE_CHUNK_ROWS", chunk_rows)
    for begin in range(0, 60, 20):
        arrive(lake, *records[begin : begin + 20])
        refresh(lake)
    columns = HISTORY.contract.fields().names()
    assert_frame_equal(rows(lake).select(columns), rows(whole).select(columns))


class Sellers(Silver, key=("seller_id",), history=("seller_state",)):
    """One row per seller."""

    seller_id: str = column()
    seller_zip_code_prefix: str = column()
    seller_city: str = column()
    seller_state: str = column()


def test_other_tracked_columns_rebuild_the_history_alone(lake: str) -> None:
    arrive(lake, (A, 1, "x"), (A, 2, "y"))
    refresh(lake)
    other = replace(
        HISTORY,
        contract=Sellers.history(),
        function=history_of(Sellers),
        versions_of=replace(SELLERS, contract=Sellers),
    )
    assert not refresh_source_table(lake, SELLERS).changed
    outcome = refresh_history_table(lake, other)
    assert outcome.full_refresh_reason == "the contract changed"
    assert outcome.rows == 1
