"""The data quality page: promises, deliveries, quarantine, conservation, sums, and freshness."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import polars as pl

from contracts.contract import Contract
from contracts.gold.fact_orders import FactOrders
from contracts.reconcile import ColumnTotals, column_totals
from flows import delta
from flows.delta.commit_log import CommitInfo, run_commits
from flows.delta.status import status
from flows.monitoring.check import read_logs
from flows.monitoring.gate import HeldBack, find_held_back
from flows.monitoring.states import PromiseState, promise_states
from flows.site.daily_charts import DailyChart
from flows.site.report.quality_trends import (
    delivery_charts,
    quarantine_charts,
    rule_charts,
    worst_examples,
)
from flows.site.rule_status import RuleStatus, broken_rules, rule_statuses
from transforms.graph import Table, tables


class Conservation(NamedTuple):
    """The records that a table's commits read, and their outcome, as far back as the log goes."""

    table: str
    read: int
    accepted: int
    superseded: int
    deleted: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        """Return whether no record was lost or duplicated."""
        states = (self.accepted, self.superseded, self.deleted, self.quarantined)
        return self.read == sum(states)


class Freshness(NamedTuple):
    """The age of a table."""

    table: str
    rows: int
    at: datetime | None
    """The time of the latest commit."""
    lag: int
    """Commits of its inputs that it lacks."""


class DataQuality(NamedTuple):
    """The content of the page."""

    received: int
    """Records in bronze."""
    quarantined: int
    """Records in quarantine."""
    broken: list[RuleStatus]
    promises: list[PromiseState]
    held_back: list[HeldBack]
    """The tables that keep their last state because a run is stopped."""
    deliveries: list[DailyChart]
    """The deliveries of each source."""
    quarantines: list[DailyChart]
    """The share of its records that went to quarantine, by table."""
    rules: list[DailyChart]
    """The records that break each of the worst rules."""
    examples: list[str]
    """How records break the worst rule, redacted."""
    conservation: list[Conservation]
    sums: list[ColumnTotals]
    freshness: list[Freshness]
    newest_order: datetime | None
    """The time of the newest order."""


def data_quality(lake: str, now: datetime) -> DataQuality:
    """Collect the content of the page from the Delta logs and the sums of the tables.

    Args:
        lake: location of the lake.
        now: the time at which the promises are evaluated.
    """
    statuses = status(lake)
    existing = {name: table for name, table in tables().items() if name in statuses}
    handles = {name: delta.open_existing(lake, name) for name in existing}
    commits = {
        name: run_commits(handle, None if existing[name].source else 1)
        for name, handle in handles.items()
    }
    broken = broken_rules(
        rule
        for name, table in existing.items()
        for rule in rule_statuses(table.contract, statuses[name], from_records=bool(table.source))
    )
    logs = read_logs(lake, now)
    return DataQuality(
        received=sum(row["rows"] for name, row in statuses.items() if name.startswith("bronze.")),
        quarantined=sum(row["quarantined"] for row in statuses.values()),
        broken=broken,
        promises=promise_states(logs),
        held_back=[*find_held_back(logs.handles)],
        deliveries=delivery_charts(logs),
        quarantines=quarantine_charts({n: commits[n] for n in existing if existing[n].source}),
        rules=rule_charts(broken, commits),
        examples=worst_examples(lake, broken),
        conservation=[
            _conservation(name, commits[name]) for name, table in existing.items() if table.source
        ],
        sums=[found for table in existing.values() for found in _sums(lake, table)],
        freshness=[
            Freshness(name, statuses[name]["rows"], _latest(commits[name]), statuses[name]["lag"])
            for name in existing
        ],
        newest_order=_newest_order(lake),
    )


def _conservation(name: str, commits: list[CommitInfo]) -> Conservation:
    total = Counter[str]()
    for commit in commits:
        total.update(commit.counts)
    return Conservation(name, *(total[metric] for metric in Conservation._fields[1:]))


def _sums(lake: str, table: Table) -> list[ColumnTotals]:
    def rows(contract: type[Contract]) -> pl.LazyFrame:
        return delta.scan(delta.open_existing(lake, contract.spec().table))

    inputs = {fact: rows(fact) for fact, _ in table.contract.sums().values()}
    return column_totals(rows(table.contract), table.contract, inputs)


def _newest_order(lake: str) -> datetime | None:
    orders = delta.scan(delta.open_existing(lake, FactOrders.spec().table))
    return orders.select(pl.col("order_purchase_timestamp").max()).collect().item()  # type: ignore[no-any-return]  # the column holds timestamps


def _latest(commits: list[CommitInfo]) -> datetime | None:
    return commits[0].at if commits else None
