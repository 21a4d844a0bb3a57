"""Whether the figures can be trusted: what was set aside, whether all adds up, how fresh it is."""

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
from flows.site.docs.rule_status import Kept, broken_now, kept
from transforms.graph import Table, tables


class Conserved(NamedTuple):
    """What became of the records that a table's commits read, as far as its log tells."""

    table: str
    read: int
    accepted: int
    superseded: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        """Tell whether no record was lost or doubled."""
        return self.read == self.accepted + self.superseded + self.quarantined


class Fresh(NamedTuple):
    """How up to date a table is."""

    table: str
    rows: int
    at: datetime | None
    behind: int


class Quality(NamedTuple):
    """All that the page tells."""

    read: int
    """Records in bronze."""
    waiting: int
    """Records in quarantine."""
    broken: list[Kept]
    conserved: list[Conserved]
    column_totals: list[ColumnTotals]
    fresh: list[Fresh]
    newest: datetime | None
    """When the newest order was placed."""


def quality(lake: str) -> Quality:
    """Gather it from the logs, and the sums from the tables."""
    standing = status(lake)
    made = {name: table for name, table in tables().items() if name in standing}
    handles = {name: delta.open_existing(lake, name) for name in made}
    commits = {name: run_commits(handle) for name, handle in handles.items()}
    return Quality(
        read=sum(row["rows"] for name, row in standing.items() if name.startswith("bronze.")),
        waiting=sum(row["quarantined"] for row in standing.values()),
        broken=broken_now(
            rule
            for name, table in made.items()
            for rule in kept(table.contract, standing[name], from_records=bool(table.source))
        ),
        conserved=[_conserved(name, commits[name]) for name in made if made[name].source],
        column_totals=[found for table in made.values() for found in _summed(lake, table)],
        fresh=[
            Fresh(name, standing[name]["rows"], _latest(commits[name]), standing[name]["lag"])
            for name in made
        ],
        newest=_newest_order(lake),
    )


def _conserved(name: str, commits: list[CommitInfo]) -> Conserved:
    total = Counter[str]()
    for commit in commits:
        total.update(commit.counts)
    return Conserved(name, *(total[figure] for figure in Conserved._fields[1:]))


def _summed(lake: str, table: Table) -> list[ColumnTotals]:
    def rows(contract: type[Contract]) -> pl.LazyFrame:
        return delta.scan(delta.open_existing(lake, contract.spec().table))

    read = {of: rows(of) for of, _ in table.contract.sums().values()}
    return column_totals(rows(table.contract), table.contract, read)


def _newest_order(lake: str) -> datetime | None:
    orders = delta.scan(delta.open_existing(lake, FactOrders.spec().table))
    return orders.select(pl.col("order_purchase_timestamp").max()).collect().item()  # type: ignore[no-any-return]  # of a column of timestamps


def _latest(commits: list[CommitInfo]) -> datetime | None:
    return commits[0].at if commits else None
