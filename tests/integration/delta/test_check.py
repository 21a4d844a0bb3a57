"""The promises of contracts, evaluated from logs: what is broken, since when, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts import bronze
from flows import delta, pipeline
from flows.cli import app
from flows.config.errors import NoLakeError
from flows.delta.commit_log import maintenance_properties
from flows.delta.restore import release_table, restore_table
from flows.monitoring.check import check
from flows.monitoring.promises import BrokenPromise
from tests.support.deliveries import deliver
from tests.support.good_records import GOOD
from tests.support.landing import Land, Row

MONDAY = datetime(2018, 6, 4, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
EVERY: dict[str, list[Row]] = {entity: [{}] for entity in GOOD}
"""A record of each table."""


def broken(lake: str, now: datetime) -> list[tuple[str, str]]:
    return [(each.promise, each.cause) for each in check(lake, now).broken]


def test_promises_of_a_fresh_lake_are_kept(land: Land, lake: str) -> None:
    pipeline.run(str(land(**EVERY)), lake)
    found = check(lake, datetime.now(UTC))
    assert found.broken == []
    assert found.headline() == (
        "21 promises: 16 kept, none broken, 5 with too few deliveries so far."
    )


def test_stale_source_is_named_once_and_not_with_its_readers(land: Land, lake: str) -> None:
    pipeline.run(str(land(**EVERY)), lake)
    deliver(lake, 1, datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(hours=27)
    found = {each.cause: each for each in check(lake, later).broken}
    assert [*found] == [
        "bronze.customers",
        "bronze.order_items",
        "bronze.order_payments",
        "bronze.order_reviews",
        "bronze.orders",
    ]
    assert {each.promise for each in found.values()} == {"freshness"}
    assert "gold.mart_monthly_sales" in found["bronze.orders"].affected
    assert str(found["bronze.orders"]).startswith(
        "bronze.orders: the newest record is 27 hours old, more than the 26 hours promised, since "
    )


def test_delivery_ends_the_alarm_of_a_stale_source(lake: str) -> None:
    deliver(lake, 1, MONDAY)
    assert broken(lake, MONDAY + timedelta(hours=26)) == []
    assert broken(lake, MONDAY + timedelta(hours=27)) == [("freshness", "bronze.orders")]
    deliver(lake, 1, MONDAY + timedelta(hours=27))
    assert broken(lake, MONDAY + timedelta(hours=28)) == []


def test_table_that_is_not_refreshed_is_the_cause_and_not_its_source(land: Land, lake: str) -> None:
    now = datetime.now(UTC)
    pipeline.run(str(land(**EVERY)), lake, as_of=now - timedelta(hours=40))
    deliver(lake, 1, now - timedelta(hours=31))
    deliver(lake, 1, now)
    late = lateness(lake, now)
    assert late
    assert "lacks records of bronze.orders that are 31 hours old" in late.problem
    pipeline.refresh(lake)
    assert lateness(lake, now) is None


def lateness(lake: str, now: datetime) -> BrokenPromise | None:
    found = {(each.promise, each.cause): each for each in check(lake, now).broken}
    assert ("freshness", "bronze.orders") not in found
    return found.get(("freshness", "gold.mart_monthly_sales"))


def test_old_records_that_were_delivered_just_now_make_no_table_late(land: Land, lake: str) -> None:
    pipeline.run(str(land(**EVERY)), lake)
    deliver(lake, 1, MONDAY)
    assert broken(lake, datetime.now(UTC)) == []


def test_file_without_records_is_an_unusual_delivery(lake: str) -> None:
    for week in range(3):
        deliver(lake, 100, MONDAY + week * WEEK)
    last = MONDAY + 3 * WEEK
    deliver(lake, 99, last - timedelta(days=1))
    deliver(lake, 0, last)
    (found,) = check(lake, last).broken
    assert "has 0 records (usual: 40 to 300)" in found.problem
    assert broken(lake, last + timedelta(hours=3)) == [
        ("freshness", "bronze.orders"),
        ("volume", "bronze.orders"),
    ]


def test_records_that_a_restore_removed_do_not_count(lake: str) -> None:
    for week in range(3):
        deliver(lake, 100, MONDAY + week * WEEK)
    deliver(lake, 300, MONDAY + 3 * WEEK)
    restore_table(lake, "bronze.orders", 2)
    release_table(lake, "bronze.orders")
    now = MONDAY + 3 * WEEK
    assert broken(lake, now) == [("freshness", "bronze.orders")]
    deliver(lake, 300, now)
    assert broken(lake, now) == []


def test_source_is_still_stale_if_maintenance_deletes_the_log_of_its_last_delivery(
    lake: str,
) -> None:
    deliver(lake, 1, MONDAY)
    handle = delta.open_table(lake, bronze.Orders)
    delta.commit(handle, [], maintenance_properties(handle, "compacted"), next_version=True)
    handle.create_checkpoint()
    for version in range(handle.version()):
        Path(lake, f"bronze/orders/_delta_log/{version:020}.json").unlink()
    (stale,) = check(lake, MONDAY + timedelta(days=40)).broken
    assert stale.since == MONDAY + bronze.DAILY


def test_source_is_still_stale_if_the_log_has_only_files_without_records(
    land: Land, lake: str
) -> None:
    pipeline.ingest(str(land(orders=[{}])), lake, as_of=MONDAY)
    empty = MONDAY + WEEK
    deliver(lake, 0, empty)
    handle = delta.open_table(lake, bronze.Orders)
    handle.create_checkpoint()
    for version in range(handle.version()):
        Path(lake, f"bronze/orders/_delta_log/{version:020}.json").unlink()
    (stale,) = check(lake, empty + timedelta(days=2)).broken
    assert (stale.promise, stale.since) == ("freshness", empty + bronze.DAILY)


def test_source_that_a_restore_holds_says_how_to_release_it(lake: str) -> None:
    for hour in range(3):
        deliver(lake, 1, MONDAY + timedelta(hours=hour))
    restore_table(lake, "bronze.orders", 1)
    (stale,) = check(lake, MONDAY + WEEK).broken
    assert stale.remedy == "it is held: `keystone release bronze.orders`, then `keystone run`"


def test_record_from_the_future_came_when_it_was_committed(lake: str) -> None:
    now = datetime.now(UTC)
    deliver(lake, 1, now - timedelta(hours=30))
    deliver(lake, 1, now + timedelta(days=9), file=False)
    assert broken(lake, now + timedelta(minutes=1)) == []
    assert broken(lake, now + timedelta(hours=27)) == [("freshness", "bronze.orders")]


def test_two_files_of_a_day_are_compared_together(lake: str) -> None:
    for week in range(3):
        deliver(lake, 100, MONDAY + week * WEEK)
    last = MONDAY + 3 * WEEK
    deliver(lake, 30, last)
    assert broken(lake, last) == []
    assert broken(lake, last + timedelta(hours=20)) == [("volume", "bronze.orders")]
    deliver(lake, 70, last + timedelta(hours=1))
    assert broken(lake, last + timedelta(hours=20)) == []


@pytest.mark.parametrize(("records", "alarms"), [(35, False), (300, False), (10, True)])
def test_day_on_which_all_sources_deliver_few_or_many_records_is_usual(
    lake: str, records: int, *, alarms: bool
) -> None:
    last = MONDAY + 3 * WEEK
    for contract in (bronze.Orders, bronze.OrderItems, bronze.OrderPayments):
        for week in range(3):
            deliver(lake, 90, MONDAY + week * WEEK, contract=contract)
        deliver(lake, records, last, contract=contract)
    over = last + timedelta(hours=20)
    assert len(broken(lake, over)) == (3 if alarms else 0)


@pytest.mark.parametrize(
    ("records", "alarms"), [(10, True), (60, False), (100, False), (900, True)]
)
def test_delivery_of_an_unusual_size_alarms(lake: str, records: int, *, alarms: bool) -> None:
    for week in range(8):
        deliver(lake, 100, MONDAY + week * WEEK)
    deliver(lake, records, MONDAY + 8 * WEEK)
    found = check(lake, MONDAY + 8 * WEEK).broken
    assert [each.promise for each in found] == (["volume"] if alarms else [])
    if alarms:
        assert f"the delivery of Monday, 2018-07-30 has {records} records" in found[0].problem
        assert found[0].since == MONDAY + 8 * WEEK


def test_alarm_of_volume_lasts_from_the_first_unusual_delivery_to_a_usual_one(lake: str) -> None:
    for day in range(9 * 7):
        deliver(lake, 100, MONDAY + timedelta(days=day))
    for day in (63, 64):
        deliver(lake, 3, MONDAY + timedelta(days=day))
    (found,) = check(lake, MONDAY + timedelta(days=64)).broken
    assert found.since == MONDAY + timedelta(days=63)
    deliver(lake, 90, MONDAY + timedelta(days=65))
    assert broken(lake, MONDAY + timedelta(days=65)) == []


def test_day_of_the_stream_is_compared_when_it_is_over(lake: str) -> None:
    for week in range(8):
        deliver(lake, 100, MONDAY + week * WEEK, file=False)
    last = MONDAY + 8 * WEEK
    deliver(lake, 5, last, file=False)
    assert broken(lake, last) == []
    # The day ends at midnight in São Paulo, three hours after that in UTC.
    assert broken(lake, last.replace(hour=23) + timedelta(hours=3)) == []
    assert broken(lake, last.replace(hour=23) + timedelta(hours=5)) == [("volume", "bronze.orders")]


def test_change_to_daylight_saving_time_breaks_no_promise(lake: str) -> None:
    # Clocks in São Paulo went forward on Sunday, 2018-11-04, at midnight.
    first = datetime(2018, 9, 2, 3, 30, tzinfo=UTC)
    for week in range(9):
        deliver(lake, 100, first + week * WEEK)
    deliver(lake, 100, first + 10 * WEEK - timedelta(hours=1))
    found = check(lake, first + 10 * WEEK)
    assert found.headline() == "2 promises: 2 kept, none broken."


def test_share_in_quarantine_is_compared_with_the_promised_one(land: Land, lake: str) -> None:
    pipeline.run(str(land(sellers=[{}, {"seller_id": "?", "seller_state": "??"}])), lake)
    (found,) = check(lake, datetime.now(UTC)).broken
    assert (found.promise, found.cause) == ("quarantine", "silver.sellers")
    assert found.problem == (
        "50.0% of 2 records went to quarantine (1: seller_id_is_well_formed, "
        "seller_state_is_known), more than the 1.0% allowed"
    )
    assert "gold.dim_seller" in found.affected
    earlier = datetime.now(UTC) - timedelta(days=1)
    assert check(lake, earlier).broken == [replace(found, since=earlier)]


def test_batches_of_older_lakes_have_the_time_of_their_commit(lake: str) -> None:
    handle = delta.open_table(lake, bronze.Orders)
    rows = delta.scan(handle).collect()
    delta.append(handle, rows, delta.commit_properties({}, {"read": 1, "file": "orders.csv"}))
    assert broken(lake, datetime.now(UTC)) == []
    assert broken(lake, datetime.now(UTC) + timedelta(hours=27)) == [("freshness", "bronze.orders")]


def test_tables_without_records_break_no_promise(lake: str) -> None:
    delta.open_table(lake, bronze.Orders)
    assert broken(lake, datetime.now(UTC)) == []
    assert check(lake, datetime.now(UTC)).evaluated == 0


def test_time_before_the_first_delivery_breaks_no_promise(lake: str) -> None:
    deliver(lake, 1, MONDAY)
    assert broken(lake, MONDAY - WEEK) == []


def test_lake_without_tables_is_an_error(lake: str) -> None:
    with pytest.raises(NoLakeError):
        check(lake, datetime.now(UTC))


def test_held_table_is_the_cause(land: Land, lake: str) -> None:
    now = datetime.now(UTC)
    pipeline.run(str(land(**EVERY)), lake, as_of=now - timedelta(hours=40))
    restore_table(lake, "gold.mart_monthly_sales", 0)
    deliver(lake, 1, now - timedelta(hours=31))
    deliver(lake, 1, now)
    pipeline.refresh(lake)
    late = lateness(lake, now)
    assert late
    assert "`keystone status` says whether the table is held" in late.remedy


def test_command_exits_with_1_for_a_broken_promise(lake: str) -> None:
    deliver(lake, 1, MONDAY)
    kept = CliRunner().invoke(app, ["check", "--lake", lake, "--now", "2018-06-04T10:00:00"])
    assert (kept.exit_code, kept.output) == (
        0,
        "2 promises: 1 kept, none broken, 1 with too few deliveries so far.\n",
    )
    stale = CliRunner().invoke(app, ["check", "--lake", lake, "--now", "2018-06-06", "--json"])
    assert stale.exit_code == 1
    assert '"cause": "bronze.orders", "since": "2018-06-05T11:00:00+00:00"' in stale.output
    assert CliRunner().invoke(app, ["check", "--lake", lake, "--now", "soon"]).exit_code == 2


def test_broken_promise_names_the_tables_that_people_read_first() -> None:
    promise = BrokenPromise("volume", "bronze.orders", MONDAY, "few", ("a", "b", "c", "d"), "look")
    assert str(promise) == (
        "bronze.orders: few, since 2018-06-04 09:00 UTC; reaches a, b, c and 1 more; look"
    )
