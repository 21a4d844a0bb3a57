"""Housekeeping leaves every row where readers find it, also while others write."""

import os
import re
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
from tests.arrivals import sellers_arrive
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
DAY = timedelta(days=1)


def files(lake: str, name: str) -> int:
    return len(data_files.files(delta.open_existing(lake, name)))


def numbers(lake: str, name: str) -> list[int]:
    ids = delta.scan(delta.open_existing(lake, name)).select("seller_id").collect().to_series()
    return sorted(int(each, 16) for each in ids)


def test_small_files_are_put_together_and_nothing_is_new_to_readers(lake: str) -> None:
    for number in range(4):
        sellers_arrive(lake, number)
    refresh_source_table(lake, SELLERS)
    kept_up = optimize_table(lake, "bronze.sellers", DAY)
    assert kept_up == Optimized("bronze.sellers", compacted=4, files=1, deleted=0, version=5)
    sellers_arrive(lake, 4)
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (1, "")
    assert numbers(lake, "silver.sellers") == [0, 1, 2, 3, 4]


def test_what_a_reader_has_not_consumed_stays_in_files_of_its_own(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 2)
    sellers_arrive(lake, 3)
    assert optimize_table(lake, "bronze.sellers", DAY).compacted == 2
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (2, "")


def test_a_reader_that_stands_before_what_was_folded_decides_on_all(lake: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 1)
    handle = delta.open_existing(lake, "bronze.sellers")
    some = data_files.files(handle)
    rows = data_files.scan_files(handle, some["path"]).drop("_file").collect()
    commit_compaction(
        handle, some, data_files.write_files(handle, [rows], compacted_through=handle.version())
    )
    outcome = refresh_source_table(lake, SELLERS)
    assert outcome.read == 2
    assert "does not tell" in outcome.full_refresh_reason
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_a_reader_that_was_put_back_to_its_beginning_has_consumed_nothing(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    refresh_source_table(lake, SELLERS)
    restore_table(lake, "silver.sellers", 0)
    assert optimize_table(lake, "bronze.sellers", DAY).compacted == 0
    release_table(lake, "silver.sellers")
    refresh_source_table(lake, SELLERS)
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_partitions_are_kept_apart(lake: str) -> None:
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


def test_files_that_no_version_of_the_last_days_has_are_deleted(lake: str) -> None:
    sellers_arrive(lake, 0)
    handle = delta.open_existing(lake, "bronze.sellers")
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    old = Path(data_files.paths(handle, ["part-old.parquet"])[0])
    for path in (orphan, old):
        path.write_bytes(b"written by somebody who died before the commit")
    long_ago = (datetime.now(UTC) - 2 * DAY).timestamp()

    os.utime(old, (long_ago, long_ago))
    assert optimize_table(lake, "bronze.sellers", timedelta(0)).deleted == 1
    assert orphan.exists()
    assert not old.exists()
    assert numbers(lake, "bronze.sellers") == [0]


def test_files_may_be_kept_longer_than_delta_remembers_them(
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
    monkeypatch.setattr("flows.delta.data_files.time.time", lambda: removed)
    assert optimize_table(lake, "bronze.sellers", month).compacted == 2
    monkeypatch.undo()
    assert optimize_table(lake, "bronze.sellers", month).deleted == 0
    assert all(Path(path).exists() for path in paths)
    assert optimize_table(lake, "bronze.sellers", timedelta(days=7)).deleted == 2


def test_a_checkpoint_keeps_what_was_consumed(lake: str) -> None:
    sellers_arrive(lake, 0, 1)
    optimize_table(lake, "bronze.sellers", DAY)
    log = Path(data_files.paths(delta.open_existing(lake, "bronze.sellers"), ["_delta_log"])[0])
    (log / f"{0:020}.json").unlink()
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") == 1


def test_figures_outlive_the_log_of_the_commit_that_brought_them(lake: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    handle = delta.open_existing(lake, "silver.sellers")
    figures, done = last_metrics(handle), handle.version()
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    orphan.write_bytes(b"written by somebody who died before the commit")
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    long_ago = (datetime.now(UTC) - 31 * DAY).timestamp()
    os.utime(orphan, (long_ago, long_ago))
    optimize_table(lake, "silver.sellers", DAY)
    for path in log.iterdir():
        os.utime(path, (long_ago, long_ago))
    optimize_table(lake, "silver.sellers", DAY)
    assert not (log / f"{done:020}.json").exists()
    assert figures
    assert last_metrics(delta.open_existing(lake, "silver.sellers")) == figures


def test_the_log_forgets_what_is_old_before_a_reader_that_is_a_little_behind(lake: str) -> None:
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


@pytest.mark.parametrize("born", ["now", "before tables kept their log"])
def test_a_vacuum_leaves_the_log_to_a_reader_that_is_far_behind(lake: str, born: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    sellers_arrive(lake, 1)
    handle = delta.open_existing(lake, "bronze.sellers")
    if born != "now":
        handle.alter.set_table_properties({"delta.enableExpiredLogCleanup": "true"})
        handle.update_incremental()
    handle.create_checkpoint()
    log = Path(data_files.paths(handle, ["_delta_log"])[0])
    orphan = Path(data_files.paths(handle, ["part-orphan.parquet"])[0])
    orphan.write_bytes(b"written by somebody who died before the commit")
    long_ago = (datetime.now(UTC) - 40 * DAY).timestamp()
    for path in log.glob("*.json"):
        then = f'"timestamp":{long_ago * 1000:.0f}'
        path.write_text(re.sub(r'"timestamp":\d+', then, path.read_text()))
    for path in (orphan, *log.iterdir()):
        os.utime(path, (long_ago, long_ago))
    assert optimize_table(lake, "bronze.sellers", DAY).deleted == 1
    assert (log / f"{0:020}.json").exists()
    sellers_arrive(lake, 2)
    outcome = refresh_source_table(lake, SELLERS)
    assert (outcome.read, outcome.full_refresh_reason) == (2, "")


def test_the_log_is_kept_as_long_as_the_files(lake: str) -> None:
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


def test_who_keeps_less_again_is_taken_at_his_word(lake: str) -> None:
    sellers_arrive(lake, 0)
    optimize_table(lake, "bronze.sellers", 400 * DAY)
    optimize_table(lake, "bronze.sellers", 7 * DAY)
    known = delta.open_existing(lake, "bronze.sellers").metadata().configuration
    assert known["delta.logRetentionDuration"] == "interval 30 days"
    assert known["delta.deletedFileRetentionDuration"] == "interval 7 days"


def test_one_that_is_overtaken_changes_nothing(lake: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    stale, other = (delta.open_existing(lake, "silver.sellers") for _ in range(2))
    removed = data_files.files(stale)
    rows = data_files.scan_files(stale, removed["path"]).drop("_file").collect()
    written = data_files.write_files(stale, [rows], compacted_through=stale.version())
    changed = rows.filter(pl.col("seller_id") == f"{1:032x}").drop("_version")
    over = delta.matching(other, changed.select("seller_id")).collect()
    new = changed.with_columns(seller_city=pl.lit("recife"))
    merge_rows(SELLERS, other, new, over, delta.commit_properties({}, {}))
    with pytest.raises(CommitFailedError):
        commit_compaction(stale, removed, written)
    assert numbers(lake, "silver.sellers") == [0, 1]


def test_others_read_and_write_meanwhile(lake: str) -> None:
    rounds, done = 25, Event()
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)

    def again(work: Callable[[], object]) -> None:
        while not done.is_set():
            with suppress(CommitFailedError):
                work()

    names = ("bronze.sellers", "silver.sellers", "quarantine.sellers")
    with ThreadPoolExecutor() as people:
        others = [
            people.submit(again, lambda: refresh_source_table(lake, SELLERS)),
            *(people.submit(again, partial(optimize_table, lake, name, DAY)) for name in names),
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
