"""The state of each promise, and the deliveries that readers see."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts import bronze
from contracts.share import Share
from contracts.silver.orders import Orders
from flows import delta, pipeline
from flows.monitoring.check import read_logs
from flows.monitoring.states import PromiseState, State, promise_states
from flows.monitoring.volume import source_deliveries
from tests.support.good_records import GOOD
from tests.support.landing import Land, Row

MONDAY = datetime(2018, 6, 4, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
EVERY: dict[str, list[Row]] = {entity: [{}] for entity in GOOD}


def deliver(lake: str, records: int, newest: datetime) -> None:
    """Commit the metrics of a delivery of orders; the promises read no rows."""
    handle = delta.open_table(lake, bronze.Orders)
    metrics = {"read": records, "newest": newest.isoformat(), "file": "x"}
    delta.append(handle, delta.scan(handle).collect(), delta.commit_properties({}, metrics))


def states(lake: str, now: datetime) -> dict[tuple[str, str], PromiseState]:
    return {(each.table, each.promise): each for each in promise_states(read_logs(lake, now))}


def test_states_of_a_fresh_lake_are_kept_or_unknown(land: Land, lake: str) -> None:
    pipeline.run(str(land(**EVERY)), lake)
    found = states(lake, datetime.now(UTC))
    unknown = {key for key, each in found.items() if each.state is State.UNKNOWN}
    assert {promise for _, promise in unknown} == {"volume"}
    assert {each.state for each in found.values()} == {State.KEPT, State.UNKNOWN}
    kept = found["gold.mart_monthly_sales", "freshness"]
    assert kept.detail == "The table reads each delivery within 30 hours."


def test_promise_of_a_table_that_does_not_exist_is_unknown(lake: str) -> None:
    deliver(lake, 100, MONDAY)
    found = states(lake, MONDAY)
    assert found["bronze.orders", "freshness"].state is State.KEPT
    assert found["bronze.customers", "freshness"].state is State.UNKNOWN
    assert found["silver.orders", "quarantine"].state is State.UNKNOWN


def test_freshness_of_a_source_is_unknown_until_it_has_a_record(lake: str) -> None:
    deliver(lake, 0, MONDAY)
    assert states(lake, MONDAY)["bronze.orders", "freshness"].state is State.UNKNOWN


def test_broken_promise_says_what_is_wrong(lake: str) -> None:
    for week in range(8):
        deliver(lake, 100, MONDAY + week * WEEK)
    deliver(lake, 10, MONDAY + 8 * WEEK)
    broken = states(lake, MONDAY + 8 * WEEK)["bronze.orders", "volume"]
    assert broken.state is State.BROKEN
    assert broken.detail.startswith("The delivery of Monday, 2018-07-30 has 10 records (usual: ")


def test_source_deliveries_have_a_band_after_three_weeks(lake: str) -> None:
    for day in range(25):
        deliver(lake, 100 + day, MONDAY + timedelta(days=day))
    found = source_deliveries(read_logs(lake, MONDAY + WEEK * 4))["bronze.orders"]
    assert [each.records for each in found] == [*range(100, 125)]
    assert [each.band is None for each in found] == [True] * 21 + [False] * 4


def test_share_of_a_rule_is_a_promise(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = {"order_status_is_known": Share(0.2)}
    monkeypatch.setattr(Orders, "_spec", replace(Orders.spec(), max_share=share))
    pipeline.run(str(land(orders=[{}] * 2 + [{"order_id": "b" * 32, "order_status": "?"}])), lake)
    broken = states(lake, datetime.now(UTC))["silver.orders", "order_status_is_known"]
    assert broken.state is State.BROKEN
    assert broken.detail.startswith("33.3% of 3 records break order_status_is_known (1)")
