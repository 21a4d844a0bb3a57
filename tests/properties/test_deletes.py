"""Upserts and deletes in any order, repeated and split into any runs, equal a plain reference."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from contracts import bronze
from contracts.contract import Bronze
from contracts.strategies import related, to_raw_text
from contracts.technical_columns import DELETE, PROVENANCE, UPSERT
from flows import delta
from flows.delta.outcome import Outcome
from flows.delta.status import status
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from tests.support.arrivals import arrived
from tests.support.examples import examples
from tests.support.refresh import assert_same_tables, refresh, sorted_tables
from transforms.graph import tables

ITEMS = tables()["silver.order_items"]
SOURCE_TABLES = {table.contract: table.source for table in tables().values() if table.source}
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)


class Record(NamedTuple):
    """A record of an item."""

    order: str
    item: str
    price: str
    operation: str | None
    source: str
    position: int
    hours: int

    @property
    def key(self) -> tuple[str, str]:
        """The natural key."""
        return self.order, self.item

    @property
    def is_delete(self) -> bool:
        """Whether it deletes its key."""
        return (self.operation or "").strip() == DELETE

    @property
    def is_valid(self) -> bool:
        """Whether it breaks no rule."""
        known = (self.operation or "").strip() in {"", UPSERT, DELETE}
        return known and self.item != "0" and (self.is_delete or self.price != "?")


SOURCES = ("file/" + "0" * 64 + "/items.csv", "kafka/items/0", "kafka/items/1")


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Draw records of a few items; a source and a position identify a record."""
    origins = draw(
        st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(1, 6)), unique=True, max_size=12)
    )
    return [
        Record(
            draw(st.sampled_from(["a" * 32, "b" * 32])),
            draw(st.sampled_from(["1", "2", "0"])),
            draw(st.sampled_from(["1.00", "2.00", "?"])),
            draw(st.sampled_from([UPSERT, None, "", DELETE, f" {DELETE} ", "drop"])),
            *origin,
            draw(st.integers(0, 3)),
        )
        for origin in origins
    ]


def latest(came: Sequence[Record]) -> dict[tuple[str, str], Record]:
    """Return the latest valid record of each key: by time, source name and position."""
    found: dict[tuple[str, str], Record] = {}
    for record in sorted(came, key=_age):
        if record.is_valid:
            found[record.key] = record
    return found


def _age(record: Record) -> tuple[int, str, int]:
    return record.hours, record.source.replace("0" * 64 + "/", ""), record.position


@examples(25)
@given(data=st.data())
def test_silver_equals_the_latest_records_in_any_order_and_cut(data: st.DataObject) -> None:
    drawn = data.draw(records())
    came = data.draw(st.permutations(drawn + drawn[:3]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(came)), max_size=3)))
    with TemporaryDirectory() as lake:
        done, bounds = [], [0, *cuts, len(came)]
        for begin, end in pairwise(bounds):
            append(lake, came[begin:end])
            if data.draw(st.booleans()):
                done.append(refresh_source_table(lake, ITEMS))
        done.append(refresh_source_table(lake, ITEMS))
        done.append(replay_quarantine(lake, ITEMS))
        expected = latest(drawn)
        winners = {key: each for key, each in expected.items() if not each.is_delete}
        assert silver(lake) == {
            key: (each.price, each.source, each.position) for key, each in winners.items()
        }
        assert_conserved(done, came)
        deletes = status(lake)["silver.order_items"]["deletes"]
        assert deletes == sum(each.is_valid and each.is_delete for each in came)
        rebuilt = refresh_source_table(lake, ITEMS, rebuild=True)
        assert (rebuilt.accepted, rebuilt.deleted) == (len(winners), len(expected) - len(winners))
        assert silver(lake).keys() == winners.keys()


Changes = list[list[tuple[type[Bronze], pl.DataFrame]]]
"""For each of some runs, the raw records that arrive before it."""


@st.composite
def changes(draw: st.DrawFn) -> Changes:
    """Draw runs in which records of the same few orders come, change, go and return."""
    drawn = draw(related(*SOURCE_TABLES, complete=False, max_size=2))
    raw = {
        source: to_raw_text(drawn[typed], typed, source) for typed, source in SOURCE_TABLES.items()
    }

    def some(run: int, source: type[Bronze]) -> pl.DataFrame:
        many = len(raw[source])
        chosen = draw(st.lists(st.booleans(), min_size=many, max_size=many))
        hours = draw(st.lists(st.integers(0, 3), min_size=many, max_size=many))
        operations = draw(
            st.lists(st.sampled_from([UPSERT, UPSERT, DELETE]), min_size=many, max_size=many)
        )
        return (
            arrived(raw[source], hours)
            .with_columns(
                _source=pl.lit(f"kafka/topic/{run}"),
                _operation=pl.Series(operations, dtype=pl.String),
            )
            .filter(pl.Series(chosen, dtype=pl.Boolean) | pl.lit(run == 0))
        )

    runs = range(draw(st.integers(2, 3)))
    return [[(source, some(run, source)) for source in raw] for run in runs]


@examples(3)
@given(changes())
def test_gold_of_deletes_is_the_same_incrementally_in_any_order_and_as_a_rebuild(
    runs: Changes,
) -> None:
    with TemporaryDirectory() as lake, TemporaryDirectory() as other:
        for order, here in ((runs, lake), ([*reversed(runs), runs[0]], other)):
            for run in order:
                for source, frame in run:
                    handle = delta.open_table(here, source)
                    delta.append(handle, frame, delta.commit_properties({}, {}))
                refresh(here)
        incremental = sorted_tables(lake)
        assert_same_tables(other, incremental)
        refresh(lake, rebuild=True)
        assert_same_tables(lake, incremental)


def assert_conserved(outcomes: Sequence[Outcome], came: Sequence[Record]) -> None:
    """Assert that each record has exactly one state in the refreshes that read it."""
    total = Counter[str]()
    for outcome in outcomes:
        states = ("accepted", "superseded", "deleted", "quarantined")
        counted = {state: getattr(outcome, state) or 0 for state in states}
        assert (outcome.read or 0) == sum(counted.values())
        total.update(counted)
    assert total.total() == len(came)
    assert total["quarantined"] == sum(not each.is_valid for each in came)


def silver(lake: str) -> dict[tuple[str, str], tuple[str, str, int]]:
    rows = delta.scan(delta.open_existing(lake, "silver.order_items")).collect()
    return {
        (row["order_id"], str(row["order_item_id"])): (
            f"{row['price']:.2f}",
            row["_source"],
            row["_position"],
        )
        for row in rows.iter_rows(named=True)
    }


def append(lake: str, came: Sequence[Record]) -> None:
    handle = delta.open_table(lake, bronze.OrderItems)
    rows = [
        {
            "order_id": each.order,
            "order_item_id": each.item,
            "price": each.price,
            "product_id": "c" * 32,
            "seller_id": "d" * 32,
            "freight_value": "0",
            "_operation": each.operation,
            "_source": each.source,
            "_position": each.position,
            "_event_time": NOON + timedelta(hours=each.hours),
        }
        for each in came
    ]
    frame = pl.DataFrame(rows, {**bronze.OrderItems.fields(), **PROVENANCE})
    delta.append(handle, frame, delta.commit_properties({}, {}))
