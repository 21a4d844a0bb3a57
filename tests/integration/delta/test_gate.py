"""The gate: a run that exceeds a threshold with `stop=True` holds the tables downstream back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from contracts import bronze
from contracts.contract import Contract
from contracts.share import Share
from contracts.silver.orders import Orders
from contracts.silver.sellers import Sellers
from flows import delta, pipeline
from flows.config.errors import RunFailedError, RunHeldBackError, UnknownTableError
from flows.delta.commit_log import run_commits
from flows.delta.optimize import optimize_table
from flows.delta.restore import release_table
from flows.monitoring.check import check
from flows.monitoring.gate import held_back
from flows.pipeline.plan import plan
from tests.support.arrivals import NOON, arrived
from tests.support.command import invoke
from tests.support.good_records import GOOD
from tests.support.landing import Land, Row
from tests.support.strike import keystone
from transforms import validation
from transforms.graph import downstream_tables

EVERY: dict[str, list[Row]] = {entity: [{}] for entity in GOOD}
"""A record of each table."""
DOWNSTREAM = downstream_tables("silver.sellers")
LINE = (
    "silver.sellers: 66.7% of 3 records went to quarantine (2: seller_state_is_known), more than "
    "the 30.0% allowed; the tables downstream are held back; see quarantine.sellers, then correct "
    "the source or the rule, or publish the table as it is by `keystone refresh --accept "
    "silver.sellers`"
)


def promise(monkeypatch: pytest.MonkeyPatch, contract: type[Contract], **shares: Any) -> None:
    monkeypatch.setattr(contract, "_spec", replace(contract.spec(), **shares))


@pytest.fixture
def published(land: Land, lake: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake with one order, whose sellers must not be broken by more than 30 %."""
    pipeline.run(str(land(**EVERY)), lake)
    promise(monkeypatch, Sellers, quarantine_share=Share(0.3, stop=True))
    return lake


def sellers(first: int, *states: str) -> dict[str, list[Row]]:
    records: list[Row] = [
        {"seller_id": f"{number:032x}", "seller_state": state}
        for number, state in enumerate(states, first)
    ]
    return {f"sellers_{first}": records}


def rows(lake: str, name: str) -> int:
    return delta.rows(delta.open_existing(lake, name))


def versions(lake: str, *names: str) -> dict[str, int]:
    return {name: delta.open_existing(lake, name).version() for name in names or DOWNSTREAM}


def test_stopped_run_commits_silver_and_quarantine_and_leaves_the_rest_as_it_was(
    published: str, land: Land
) -> None:
    before = versions(published)
    with pytest.raises(RunHeldBackError) as caught:
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    assert caught.value.failures == [LINE]
    assert versions(published) == before
    assert {name for name, why in caught.value.undone.items() if why == "held back"} == {
        *DOWNSTREAM
    }
    assert rows(published, "silver.sellers") == 2
    assert rows(published, "quarantine.sellers") == 2
    done = {outcome.table for outcome in caught.value.outcomes if outcome.changed}
    assert done == {"bronze.sellers", "silver.sellers"}


def test_tables_stay_held_back_until_a_run_is_within_the_threshold(
    published: str, land: Land
) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    before = versions(published)
    for _ in range(2):
        with pytest.raises(RunHeldBackError, match="held back"):
            pipeline.refresh(published)
    assert versions(published) == before
    pipeline.run(str(land("good", **sellers(4, "SP", "RJ", "MG"))), published)
    assert held_back(published) == []
    assert not any(outcome.changed for outcome in pipeline.refresh(published))
    assert rows(published, "gold.dim_seller") == rows(published, "silver.sellers") == 5


def test_dry_run_names_what_is_held_back(published: str, land: Land) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    errors = {name: each.error for name, each in plan(published).items() if each.error}
    assert errors["gold.dim_seller"] == LINE
    assert errors["gold.mart_order_stages"] == "waits for gold.dim_seller"
    shown = invoke("refresh", "--lake", published, "--dry-run", "--accept", "silver.sellers")
    assert "held back" not in shown


def test_run_without_records_does_not_end_it(published: str, land: Land) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    for name in ("bronze.sellers", "silver.sellers"):
        optimize_table(published, name, timedelta(days=7))
    handle = delta.open_existing(published, "bronze.sellers")
    delta.append(handle, delta.scan(handle).collect().clear(), delta.commit_properties({}, {}))
    with pytest.raises(RunHeldBackError):
        pipeline.refresh(published)
    (found,) = held_back(published)
    assert found.tables[-1] == "silver.sellers_history"


def test_accepted_table_is_published_and_holds_nothing_back_later(
    published: str, land: Land
) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    pipeline.refresh(published, accept=["silver.sellers"])
    assert rows(published, "gold.dim_seller") == 2
    assert held_back(published) == []
    (broken,) = check(published, datetime.now(UTC)).broken
    assert broken.remedy == "see quarantine.sellers, then correct the source or the rule"
    optimize_table(published, "silver.sellers", timedelta(days=7))
    more = land("more", orders=[{"order_id": "1" * 32}], order_items=[{"order_id": "1" * 32}])
    pipeline.run(str(more), published)
    assert rows(published, "gold.fact_sales") == 2
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("worse", **sellers(9, "??"))), published)


def test_rebuild_is_compared_with_all_records(published: str, land: Land) -> None:
    pipeline.run(str(land("good", **sellers(10, *["SP"] * 6))), published)
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    pipeline.refresh(published, rebuild=True)  # 2 of 10 records are in quarantine
    assert rows(published, "gold.dim_seller") == 8


def test_replay_is_compared_with_all_records(
    published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    future = (datetime.now(UTC) - NOON) // timedelta(hours=1) + 9
    raw = [
        {**GOOD["sellers"], "seller_id": f"{number:032x}", "seller_state": state}
        for number, state in enumerate(["SP", "SP", "SP", "??"])
    ]
    frame = arrived(pl.DataFrame(raw, bronze.Sellers.fields()), [future, future, 0, 0])
    handle = delta.open_table(published, bronze.Sellers)
    delta.append(handle, frame, delta.commit_properties({}, {}))
    with pytest.raises(RunHeldBackError, match=r"75\.0% of 4 records"):
        pipeline.refresh(published)
    monkeypatch.setattr(validation, "CLOCK_TOLERANCE", timedelta(days=2))  # as if time had passed
    pipeline.replay(published)  # 1 of 5 records is in quarantine
    assert rows(published, "gold.dim_seller") == 4


def test_share_of_a_rule_and_of_a_warning_stop_a_run(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run(str(land(**EVERY)), lake)
    shares = {
        "order_status_is_known": Share(0.2),
        "delivered_with_a_date": Share(0.5, stop=True),
    }
    promise(monkeypatch, Orders, quarantine_share=Share(1), max_share=shares)
    orders: list[Row] = [
        {"order_id": "1" * 32, "order_delivered_customer_date": ""},
        {"order_id": "2" * 32, "order_delivered_customer_date": ""},
        {"order_id": "3" * 32, "order_status": "lost"},
    ]
    with pytest.raises(RunHeldBackError) as caught:
        pipeline.run(str(land("more", orders=orders)), lake)
    (line,) = caught.value.failures
    assert line.startswith(
        "silver.orders: 66.7% of 3 records break delivered_with_a_date (2), more than the 50.0% "
        "allowed; the tables downstream are held back; see silver.orders, then"
    )
    warned, broken = sorted(check(lake, datetime.now(UTC)).broken, key=lambda each: each.rule)
    assert (warned.promise, warned.rule) == ("rule", "delivered_with_a_date")
    assert "gold.dim_seller" not in warned.affected
    assert "gold.fact_orders" in warned.affected
    assert broken.rule == "order_status_is_known"
    assert broken.problem.startswith("33.3% of 3 records break order_status_is_known (1), more")
    assert broken.remedy == "see quarantine.orders, then correct the source or the rule"


def test_first_run_publishes_nothing_if_it_is_stopped(land: Land, lake: str) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land(**sellers(1, "??"))), lake, fail_above=0.5)
    assert rows(lake, "gold.dim_seller") == 0
    assert "gold.dim_seller" in held_back(lake)[0].tables


def test_table_waits_for_a_dimension_if_its_own_inputs_changed(published: str, land: Land) -> None:
    more = land(
        "bad",
        **sellers(1, "??"),
        orders=[{"order_id": "1" * 32}],
        order_items=[{"order_id": "1" * 32}],
    )
    with pytest.raises(RunHeldBackError) as caught:
        pipeline.run(str(more), published)
    assert caught.value.undone["gold.fact_sales"] == "held back"
    assert {*held_back(published)[0].tables} == {*caught.value.undone}
    assert rows(published, "gold.fact_orders") == 2


def test_share_for_one_run_holds_back_until_a_later_run(published: str, land: Land) -> None:
    with pytest.raises(RunHeldBackError, match=r"more than the 10\.0% allowed"):
        pipeline.run(
            str(land("bad", **sellers(1, "SP", "RJ", "MG", "??"))), published, fail_above=0.1
        )
    with pytest.raises(RunHeldBackError, match=r"more than the 10\.0% allowed"):
        pipeline.refresh(published)
    pipeline.refresh(published, fail_above=0.25)
    assert rows(published, "gold.dim_seller") == 4


def test_restored_table_holds_nothing_back(published: str, land: Land) -> None:
    good = delta.open_existing(published, "silver.sellers").version()
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    pipeline.restore("silver.sellers", good, published)
    assert held_back(published) == []
    pipeline.refresh(published)
    release_table(published, "silver.sellers")
    with pytest.raises(RunHeldBackError):
        pipeline.refresh(published)


def test_failure_counts_more_than_tables_held_back(published: str, land: Land) -> None:
    folder = land("bad", **sellers(1, "??"))
    (folder / "orders.csv").write_text("order_id\n")
    with pytest.raises(RunFailedError) as caught:
        pipeline.run(str(folder), published)
    assert not isinstance(caught.value, RunHeldBackError)
    rejected, stopped = caught.value.failures
    assert rejected.startswith("orders.csv: ")
    assert stopped.startswith("silver.sellers: 100.0% of 1 record")


def test_status_and_check_name_what_is_held_back_and_since_when(published: str, land: Land) -> None:
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("bad", **sellers(1, "SP", "??", "??"))), published)
    (since,) = [each.since for each in held_back(published)]
    shown = invoke("status", "--lake", published)
    assert f"allowed; held back since {since:%Y-%m-%d %H:%M} UTC: gold." in shown
    (found,) = json.loads(invoke("status", "--lake", published, "--json"))["held_back"]
    assert (found["cause"], found["since"]) == ("silver.sellers", since.isoformat())
    assert {*found["tables"]} == DOWNSTREAM
    late = datetime.now(UTC) + timedelta(hours=25)
    (broken,) = check(published, late).broken  # and no table is late besides
    assert (broken.promise, broken.cause, broken.since) == ("quarantine", "silver.sellers", since)
    assert {*broken.affected} == DOWNSTREAM
    assert "; the tables downstream are held back" in str(broken)


def test_start_is_that_of_the_first_stopped_run(published: str, land: Land) -> None:
    for number in (1, 2):
        with pytest.raises(RunHeldBackError):
            pipeline.run(str(land(f"bad{number}", **sellers(number, "??"))), published)
    (found,) = held_back(published)
    first, last = [
        commit.at
        for commit in run_commits(delta.open_existing(published, "silver.sellers"))
        if commit.metrics["quarantined"]
    ][::-1]
    assert first < last
    assert found.since == first


def test_command_exits_with_3(land: Land, lake: str) -> None:
    folder = land(**sellers(1, "??", "SP"))
    command = ["run", "--source", str(folder), "--lake", lake, "--fail-above", "0.4"]
    done = keystone(*command)
    assert done.returncode == 3
    assert "held back" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: silver.sellers: 50.0% of 2 records went to quarantine")
    accepted = keystone("refresh", "--lake", lake, "--accept", "silver.sellers")
    assert (accepted.returncode, accepted.stderr) == (0, "")


@pytest.mark.parametrize("given", ["gold.dim_seller", "sellers"])
def test_only_tables_of_records_can_be_accepted(published: str, given: str) -> None:
    with pytest.raises(UnknownTableError, match="these are silver"):
        pipeline.refresh(published, accept=[given])
