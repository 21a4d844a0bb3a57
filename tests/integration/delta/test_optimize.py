"""Maintenance keeps every row readable, even while others write."""

import os
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import polars as pl
import pytest
from deltalake.exceptions import CommitFailedError
from polars.testing import assert_frame_equal

from flows import delta
from flows.delta import data_files
from flows.delta.commit_log import last_metrics
from flows.delta.merge import merge_rows
from flows.delta.optimize import Optimized, commit_compaction, optimize_table
from flows.delta.restore import release_table, restore_table
from flows.refresh.source_tables import refresh_source_table
from tests.support.arrivals import sellers_arrive
from tests.support.refresh import refresh
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
DAY = timedelta(days=1)


def files(lake: str, name: str) -> int:
    return len(data_files.files(delta.open_existing(lake, name)))


def numbers(lake: str, name: str) -> list[int]:
    ids = delta.scan(delta.open_existing(lake, name)).select("seller_id").collect().to_series()
    return sorted(int(each, 16) for each in ids)


def test_compacted_files_hold_no_new_rows_for_readers(lake: str) -> None:
    for number in range(4):
        sellers_arrive(lake, number)
    refresh_source_table(lake, SELLERS)
    optimized = optimize_table(lake, "bronze.sellers", DAY)
    assert optimized == Optimized("bronze.sellers", compacted=4, files=1, deleted=0, version=5)
    sellers_arrive(lake, 4)
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (1, "")
    assert numbers(lake, "silver.sellers") == [0, 1, 2, 3, 4]


def test_rows_that_a_reader_has_not_consumed_are_not_compacted(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 2)
    sellers_arrive(lake, 3)
    assert optimize_table(lake, "bronze.sellers", DAY).compacted == 2
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (2, "")


def test_a_reader_older_than_a_compaction_reads_all_rows(lake: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 1)
    handle = delta.open_existing(lake, "bronze.sellers")
    existing = data_files.files(handle)
    rows = data_files.scan_files(handle, existing["path"]).drop("_file").collect()
    written = data_files.write_files(handle, [rows], compacted_through=handle.version())
    commit_compaction(handle, existing, written)
    outcome = refresh_source_table(lake, SELLERS)
    assert outcome.read == 2
    assert "does not show" in outcome.full_refresh_reason
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_a_reader_restored_to_version_0_has_consumed_nothing(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    restore_table(lake, "silver.sellers", 0)
    assert optimize_table(lake, "bronze.sellers", DAY).compacted == 0
    release_table(lake, "silver.sellers")
    refresh_source_table(lake, SELLERS)
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_files_are_compacted_within_a_partition(lake: str) -> None:
    months = ["2017-01", "2017-02"]
    contract = tables()["gold.fact_sales"].contract
    for item in (1, 2):
        handle = delta.open_table(lake, contract)
        rows = [{"order_id": "a", "order_item_id": item, "purchase_month": m} for m in months]
        frame = delta.stamped(handle, pl.DataFrame(rows, contract.fields()))
        delta.append(handle, frame, delta.commit_properties({}, {}))
    assert optimize_table(lake, "gold.fact_sales", DAY)[1:3] == (4, 2)
    found = delta.scan(delta.open_existing(lake, "gold.fact_sales"))
    assert found.select("purchase_month", "order_item_id").sort(pl.all()).collect().rows() == [
        ("2017-01", 1),
        ("2017-01", 2),
        ("2017-02", 1),
        ("2017-02", 2),
    ]


def test_files_that_no_retained_version_uses_are_deleted(lake: str) -> None:
    sellers_arrive(lake, 0)
    handle = delta.open_existing(lake, "bronze.sellers")
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    old = Path(data_files.paths(handle, ["part-old.parquet"])[0])
    for path in (orphan, old):
        path.write_bytes(b"written by a process that died before its commit")
    long_ago = (datetime.now(UTC) - 2 * DAY).timestamp()

    os.utime(old, (long_ago, long_ago))
    assert optimize_table(lake, "bronze.sellers", timedelta(0)).deleted == 1
    assert orphan.exists()
    assert not old.exists()
    assert numbers(lake, "bronze.sellers") == [0]


def test_files_may_be_retained_longer_than_delta_does_by_default(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = timedelta(days=30)
    sellers_arrive(lake, 0)
    optimize_table(lake, "bronze.sellers", month)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    handle = delta.open_existing(lake, "bronze.sellers")
    paths = data_files.paths(handle, data_files.files(handle)["path"])
    written, removed = ((datetime.now(UTC) - days * DAY).timestamp() for days in (40, 8))
    for path in paths:
        os.utime(path, (written, written))
    monkeypatch.setattr(time, "time", lambda: removed)
    assert optimize_table(lake, "bronze.sellers", month).compacted == 2
    monkeypatch.undo()
    assert optimize_table(lake, "bronze.sellers", month).deleted == 0
    assert all(Path(path).exists() for path in paths)
    assert optimize_table(lake, "bronze.sellers", timedelta(days=7)).deleted == 2


def test_a_checkpoint_keeps_the_watermark(lake: str) -> None:
    sellers_arrive(lake, 0, 1)
    optimize_table(lake, "bronze.sellers", DAY)
    log = Path(data_files.paths(delta.open_existing(lake, "bronze.sellers"), ["_delta_log"])[0])
    (log / f"{0:020}.json").unlink()
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") == 1


def test_metrics_outlive_the_commit_that_wrote_them(lake: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    handle = delta.open_existing(lake, "silver.sellers")
    metrics, done = last_metrics(handle), handle.version()
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    orphan.write_bytes(b"written by a process that died before its commit")
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    long_ago = (datetime.now(UTC) - 31 * DAY).timestamp()
    os.utime(orphan, (long_ago, long_ago))
    optimize_table(lake, "silver.sellers", DAY)
    for path in log.iterdir():
        os.utime(path, (long_ago, long_ago))
    optimize_table(lake, "silver.sellers", DAY)
    assert not (log / f"{done:020}.json").exists()
    assert metrics
    assert last_metrics(delta.open_existing(lake, "silver.sellers")) == metrics


def test_old_log_entries_are_deleted_if_readers_lag_little(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    handle = delta.open_existing(lake, "bronze.sellers")
    handle.create_checkpoint()
    sellers_arrive(lake, 2)
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    long_ago = (datetime.now(UTC) - 31 * DAY).timestamp()
    for path in log.glob("0*[0-2].*"):
        os.utime(path, (long_ago, long_ago))
    optimize_table(lake, "bronze.sellers", DAY)
    assert not (log / f"{0:020}.json").exists()
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (1, "")


def make_older(log: Path, *others: Path) -> None:
    """Make the commits in a log, and other files, 40 days old."""
    long_ago = (datetime.now(UTC) - 40 * DAY).timestamp()
    for path in log.glob("*.json"):
        old = f'"timestamp":{long_ago * 1000:.0f}'
        path.write_text(re.sub(r'"timestamp":\d+', old, path.read_text()))
    for path in (*others, *log.iterdir()):
        os.utime(path, (long_ago, long_ago))


def test_a_history_reads_only_new_records_after_the_log_of_its_quarantine_has_expired(
    lake: str,
) -> None:
    names = ("silver.sellers", "silver.sellers_history")
    sellers_arrive(lake, 0)
    refresh(lake, *names)
    log = Path(delta.location(lake, "quarantine.sellers"), "_delta_log")
    orphan = log.with_name("part-orphan.parquet")
    orphan.write_bytes(b"written by a process that died before its commit")
    make_older(log, orphan)
    assert optimize_table(lake, "quarantine.sellers", DAY).deleted == 1
    make_older(log)
    optimize_table(lake, "quarantine.sellers", DAY)
    sellers_arrive(lake, 1)
    outcome = refresh(lake, *names)["silver.sellers_history"]
    assert (outcome.written, outcome.full_refresh_reason) == (1, "")


@pytest.mark.parametrize("created_by", ["current code", "code that did not keep the log"])
def test_a_vacuum_keeps_the_log_if_a_reader_lags_far(lake: str, created_by: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 1)
    handle = delta.open_existing(lake, "bronze.sellers")
    if created_by != "current code":
        handle.alter.set_table_properties({"delta.enableExpiredLogCleanup": "true"})
        handle.update_incremental()
    handle.create_checkpoint()
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    orphan.write_bytes(b"written by a process that died before its commit")
    make_older(log, orphan)
    assert optimize_table(lake, "bronze.sellers", DAY).deleted == 1
    assert (log / f"{0:020}.json").exists()
    sellers_arrive(lake, 2)
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (2, "")


def test_the_log_is_retained_as_long_as_the_files(lake: str) -> None:
    for number in range(3):
        sellers_arrive(lake, number)
    handle = delta.open_existing(lake, "bronze.sellers")
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    optimize_table(lake, "bronze.sellers", 60 * DAY)
    long_ago = (datetime.now(UTC) - 40 * DAY).timestamp()
    for path in log.iterdir():
        os.utime(path, (long_ago, long_ago))
    optimize_table(lake, "bronze.sellers", 60 * DAY)
    assert restore_table(lake, "bronze.sellers", 1).rows == 1


def test_the_retention_can_be_shortened_again(lake: str) -> None:
    sellers_arrive(lake, 0)
    optimize_table(lake, "bronze.sellers", 400 * DAY)
    optimize_table(lake, "bronze.sellers", 7 * DAY)
    known = delta.open_existing(lake, "bronze.sellers").metadata().configuration
    assert known["delta.logRetentionDuration"] == "interval 30 days"
    assert known["delta.deletedFileRetentionDuration"] == "interval 7 days"


def test_a_compaction_after_a_concurrent_merge_fails(lake: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    stale, other = (delta.open_existing(lake, "silver.sellers") for _ in range(2))
    removed = data_files.files(stale)
    rows = data_files.scan_files(stale, removed["path"]).drop("_file").collect()
    written = data_files.write_files(stale, [rows], compacted_through=stale.version())
    changed = rows.filter(pl.col("seller_id") == f"{1:032x}").drop("_version")
    replaced_rows = delta.matching(other, changed.select("seller_id")).collect()
    new = changed.with_columns(seller_city=pl.lit("recife"))
    merge_rows(SELLERS, other, new, replaced_rows, delta.commit_properties({}, {}))
    with pytest.raises(CommitFailedError):
        commit_compaction(stale, removed, written)
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_tables_are_optimized_while_others_read_and_write(lake: str) -> None:
    rounds, done = 25, Event()
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)

    def repeat(work: Callable[[], object]) -> None:
        while not done.is_set():
            with suppress(CommitFailedError):
                work()

    names = ("bronze.sellers", "silver.sellers", "quarantine.sellers")
    with ThreadPoolExecutor() as executor:
        others = [
            executor.submit(repeat, lambda: refresh_source_table(lake, SELLERS)),
            *(executor.submit(repeat, partial(optimize_table, lake, name, DAY)) for name in names),
        ]
        for number in range(1, rounds):
            sellers_arrive(lake, number)
        done.set()
        for other in others:
            other.result()
    refresh_source_table(lake, SELLERS)
    for name in ("bronze.sellers", "silver.sellers"):
        optimize_table(lake, name, DAY)
        assert numbers(lake, name) == list(range(rounds))
        assert files(lake, name) == 1
    before = delta.scan(delta.open_existing(lake, "silver.sellers")).collect()
    refresh_source_table(lake, SELLERS, rebuild=True)
    after = delta.scan(delta.open_existing(lake, "silver.sellers")).collect()
    assert_frame_equal(before.drop("_version"), after.drop("_version"), check_row_order=False)
