"""Alarms of broken and resolved promises: each once, sent to a real receiver."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from typer.testing import CliRunner

from flows import delta
from flows.cli import app
from flows.config.errors import SettingError
from flows.delta.incidents import INCIDENTS, Incident, change_incidents, incidents
from flows.delta.table_names import existing_tables
from flows.lake import Lake
from flows.monitoring.alarms import AlarmError, News, send_alarms
from flows.monitoring.check import Check
from flows.monitoring.notify import sender
from flows.monitoring.promises import BrokenPromise
from flows.pipeline import maintain
from tests.support.deliveries import deliver
from tests.support.webhook import Webhook, webhook

MONDAY = datetime(2018, 6, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEPT = "2018-06-04T10:00"
STALE = "2018-06-06"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """The receiver that KEYSTONE_ALERT_URL names, with a password."""
    with webhook() as hook:
        monkeypatch.setenv("KEYSTONE_ALERT_URL", f"json://user:pa55word@127.0.0.1:{hook.port}")
        yield hook


@pytest.fixture
def orders(lake: str) -> str:
    """A lake with one delivery of orders, which is stale after 26 hours."""
    deliver(lake, 1, MONDAY)
    return lake


def check(lake: str, now: str, code: int) -> str:
    """Run the command, and return what it prints."""
    done = CliRunner().invoke(app, ["check", "--lake", lake, "--now", now])
    assert done.exit_code == code, done.output
    return done.output


def titles(receiver: Webhook) -> list[str]:
    return [each["title"] for each in receiver.received]


def test_alarm_is_sent_once_if_a_promise_is_broken_and_once_if_it_is_kept_again(
    orders: str, receiver: Webhook
) -> None:
    check(orders, KEPT, 0)
    assert receiver.received == []
    for _ in range(2):
        check(orders, STALE, 1)
    assert titles(receiver) == ["Keystone: 1 promise broken"]
    deliver(orders, 1, MONDAY + 38 * HOUR)
    for _ in range(2):
        check(orders, STALE, 0)
    assert titles(receiver) == ["Keystone: 1 promise broken", "Keystone: 1 promise kept again"]
    assert receiver.received[1]["message"] == (
        "bronze.orders: the promise of freshness is kept again; it was broken since "
        "2018-06-05 11:00 UTC (the newest record is 39 hours old, more than the 26 hours "
        f"promised)\nLake: {orders}"
    )
    check(orders, "2018-06-09", 1)
    assert titles(receiver)[2:] == ["Keystone: 1 promise broken"]


def test_alarm_names_cause_time_and_remedy_but_no_secret(orders: str, receiver: Webhook) -> None:
    printed = check(orders, STALE, 1)
    (alarm,) = receiver.received
    assert alarm["type"] == "warning"
    assert alarm["message"] == (
        "bronze.orders: the newest record is 39 hours old, more than the 26 hours promised, since "
        "2018-06-05 11:00 UTC; reaches gold.mart_customer_rfm, gold.mart_cohort_retention, "
        "gold.mart_seller_scorecard and 24 more; ask its source for the missing delivery, then "
        f"`keystone run`\nLake: {orders}"
    )
    assert "pa55word" not in f"{alarm}{printed}"


def test_alarm_that_cannot_be_sent_is_sent_by_the_next_check(
    orders: str, receiver: Webhook
) -> None:
    receiver.status = 503
    printed = check(orders, STALE, 1)
    assert printed.count("warning: ") == 1
    assert "(json://***) did not take the alarm; the next check sends it again" in printed
    assert "pa55word" not in printed
    receiver.status = 204
    assert "warning: " not in check(orders, STALE, 1)
    assert titles(receiver) == ["Keystone: 1 promise broken"]


def test_promise_that_is_resolved_before_anybody_knew_is_no_news(
    orders: str, receiver: Webhook
) -> None:
    receiver.status = 503
    check(orders, STALE, 1)
    receiver.status = 204
    deliver(orders, 1, MONDAY + 38 * HOUR)
    check(orders, STALE, 0)
    assert receiver.received == []
    (incident,) = incidents(orders)
    assert (incident.state, incident.sent) == ("resolved", None)


def test_one_of_several_checks_at_the_same_time_sends_the_alarm(orders: str) -> None:
    together = Barrier(4)

    def check_() -> list[str]:
        together.wait()
        return sent(orders, broken("freshness", "bronze.orders"))

    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(check_) for _ in range(4)]
    assert len([line for each in started for line in each.result()]) == 1


@pytest.mark.parametrize(("minutes", "times"), [(9, 0), (11, 1)])
def test_alarm_of_a_check_that_was_killed_is_sent_by_a_later_one(
    lake: str, minutes: int, times: int
) -> None:
    claimed_at = datetime.now(UTC) - timedelta(minutes=minutes)
    killed = Incident("volume", "bronze.orders", "", "x", MONDAY, claim="k", claimed_at=claimed_at)
    change_incidents(lake, lambda known: [*known, killed])
    assert len(sent(lake, broken("volume", "bronze.orders"))) == times


def broken(
    promise: str, cause: str, *, rule: str = "", affected: tuple[str, ...] = ()
) -> BrokenPromise:
    return BrokenPromise(promise, cause, MONDAY, "x", affected, "y", rule)


def sent(lake: str, *found: BrokenPromise) -> list[str]:
    """Return the alarms that a check sends when it finds these promises broken."""
    lines = list[str]()
    check_ = Check([*found], len(found), 0)
    send_alarms(lake, check_, MONDAY, lambda news: lines.extend(map(str, news)))
    return lines


def test_each_rule_and_each_table_has_its_own_alarm(lake: str) -> None:
    first, second = (broken("quarantine", "silver.orders", rule=rule) for rule in ("a", "b"))
    assert len(sent(lake, first)) == 1
    assert len(sent(lake, first, second)) == 1
    assert len(sent(lake, first, second, broken("quarantine", "silver.customers"))) == 1
    assert [(each.cause, each.rule) for each in incidents(lake) if each.sent] == [
        ("silver.orders", "a"),
        ("silver.orders", "b"),
        ("silver.customers", ""),
    ]


def test_promise_that_stays_broken_for_another_reason_sends_no_second_alarm(lake: str) -> None:
    first = broken("quarantine", "silver.orders")
    later = BrokenPromise("quarantine", "silver.orders", MONDAY + HOUR, "z", (), "y")
    assert len(sent(lake, first)) == 1
    assert sent(lake, later) == []
    assert [each.since for each in incidents(lake)] == [MONDAY]


def test_late_table_is_not_kept_again_because_its_source_is_stale(lake: str) -> None:
    late = broken("freshness", "gold.mart_monthly_sales")
    stale = broken("freshness", "bronze.orders", affected=("gold.mart_monthly_sales",))
    assert len(sent(lake, late)) == 1
    assert len(sent(lake, stale)) == 1
    assert sent(lake, late) == [str(News(incidents(lake)[1], None))]
    assert len(sent(lake)) == 1


def test_check_without_a_receiver_writes_nothing(orders: str) -> None:
    check(orders, STALE, 1)
    assert not delta.exists(orders, INCIDENTS)


def test_check_of_kept_promises_writes_nothing(orders: str, receiver: Webhook) -> None:
    check(orders, KEPT, 0)
    assert not delta.exists(orders, INCIDENTS)
    assert receiver.received == []


def test_lake_that_cannot_be_written_sends_no_alarm(orders: str, receiver: Webhook) -> None:
    Path(orders, "monitoring").write_text("in the way of the table")
    printed = check(orders, STALE, 1)
    assert printed.count("warning: no alarm is sent, because") == 1
    assert receiver.received == []


def test_lake_without_tables_is_an_error_and_no_alarm(lake: str, receiver: Webhook) -> None:
    assert CliRunner().invoke(app, ["check", "--lake", lake]).exit_code == 1
    assert receiver.received == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("jsn://user:pa55word@host", r"jsn://\*\*\*"),
        ("pa55word", r"\*\*\*"),
        ("json://host, slack://pa55word", r"json://\*\*\*, slack://\*\*\*"),
    ],
)
def test_address_that_is_not_known_is_wrong_usage_and_not_shown(url: str, shown: str) -> None:
    with pytest.raises(SettingError, match=f"KEYSTONE_ALERT_URL: {shown}") as caught:
        sender(url, "lake")
    assert "pa55word" not in str(caught.value)


def test_incidents_are_no_table_of_the_lake(orders: str, receiver: Webhook) -> None:
    check(orders, STALE, 1)
    assert existing_tables(orders) == [*Lake(orders)] == ["bronze.orders"]
    assert receiver.received


def test_incidents_are_a_table_in_sql(orders: str, receiver: Webhook) -> None:
    query = "SELECT promise, cause, sent, resolved_at FROM meta.incidents"
    assert Lake(orders).sql(query).polars().rows() == []
    check(orders, STALE, 1)
    assert Lake(orders).sql(query).polars().rows() == [
        ("freshness", "bronze.orders", "broken", None)
    ]
    assert receiver.received


def test_maintenance_trims_the_incidents(orders: str, receiver: Webhook) -> None:
    check(orders, STALE, 1)
    assert {each.table for each in maintain(orders)} == {"bronze.orders", INCIDENTS}
    check(orders, STALE, 1)
    assert len(receiver.received) == 1


def test_alarm_error_of_a_dead_address_shows_no_secret(orders: str) -> None:
    send = sender("json://user:pa55word@127.0.0.1:1", orders)
    with pytest.raises(AlarmError, match=r"json://\*\*\*") as caught:
        send_alarms(orders, Check([broken("volume", "bronze.orders")], 1, 0), MONDAY, send)
    assert "pa55word" not in str(caught.value)
