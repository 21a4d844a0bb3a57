"""Laws of history: what it says at any instant is what a replay of the records says."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.technical_columns import DELETE, PROVENANCE, UPSERT
from flows import delta
from flows.delta.commit_log import last_metrics
from flows.refresh.history_tables import refresh_history_table
from flows.refresh.source_tables import refresh_source_table
from tests.support.arrivals import NOON
from tests.support.examples import examples
from tests.support.good_records import GOOD
from transforms.graph import tables
from transforms.history import as_of

SELLERS, HISTORY = tables()["silver.sellers"], tables()["silver.sellers_history"]
CITIES = st.sampled_from(["recife", "natal", ""])
"""The last one is invalid."""


class Record(NamedTuple):
    """A record of a seller."""

    key: str
    hour: int
    source: str
    position: int
    city: str
    operation: str

    def raw(self) -> dict[str, Any]:
        """Return the record as bronze has it."""
        return {
            **GOOD["sellers"],
            "seller_id": self.key * 32,
            "seller_city": self.city,
            "_event_time": at(self.hour),
            "_source": self.source,
            "_position": self.position,
            "_operation": self.operation,
        }


RECORDS = st.lists(
    st.builds(
        Record,
        st.sampled_from("ab"),
        st.integers(0, 5),
        st.sampled_from([f"file/{'f' * 64}/a", f"file/{'0' * 64}/b", "kafka/sellers/0"]),
        st.integers(1, 3),
        CITIES,
        st.sampled_from([UPSERT, UPSERT, DELETE]),
    ),
    min_size=1,
    max_size=12,
)


def at(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


def arrive(lake: str, records: Sequence[Record]) -> None:
    schema = {**bronze.Sellers.fields(), **PROVENANCE}
    frame = pl.DataFrame([record.raw() for record in records], schema)
    delta.append(delta.open_table(lake, bronze.Sellers), frame, delta.commit_properties({}, {}))


def refresh(lake: str, *, rebuild: bool = False) -> pl.DataFrame:
    refresh_source_table(lake, SELLERS, rebuild=rebuild)
    refresh_history_table(lake, HISTORY, rebuild=rebuild)
    return delta.scan(delta.open_existing(lake, HISTORY.name)).drop("_version").collect()


def history(records: Sequence[Record]) -> pl.DataFrame:
    with TemporaryDirectory() as lake:
        arrive(lake, records)
        return refresh(lake)


def is_valid(record: Record) -> bool:
    return record.operation == DELETE or bool(record.city)


def replayed(records: Sequence[Record], key: str, hour: int) -> str | None:
    """Return the city of a key at an hour by looking at each record: the latest one wins."""

    def order(record: Record) -> tuple[Any, ...]:
        name = record.source.rpartition("/")[2] if record.source.startswith("file") else "~"
        return record.hour, name, record.position, record.operation == DELETE, record.city

    past = [r for r in records if is_valid(r) and r.key == key and r.hour <= hour]
    if not past:
        return None
    latest = reduce(lambda one, other: max(one, other, key=order), past)
    return None if latest.operation == DELETE else latest.city


@examples(15)
@given(RECORDS)
def test_intervals_have_no_gap_and_no_overlap(records: list[Record]) -> None:
    for key, rows in history(records).sort("valid_from").group_by("seller_id"):
        assert rows["valid_to"][:-1].equals(rows["valid_from"][1:]), key
        assert rows["valid_to"][-1] is None
        assert rows["is_current"].sum() == (0 if rows["is_deleted"][-1] else 1)
        values = rows.select("seller_city", "is_deleted").rows()
        assert all(before != after for before, after in pairwise(values))


@examples(15)
@given(RECORDS)
def test_a_look_up_at_any_instant_equals_a_replay_of_the_records(records: list[Record]) -> None:
    asked = [(key, hour) for key in "abc" for hour in range(-1, 7)]
    rows = pl.LazyFrame({"seller_id": [k * 32 for k, _ in asked], "at": [at(h) for _, h in asked]})
    found = as_of(rows, history(records).lazy(), on="seller_id", at="at").collect()
    expected = [replayed(records, key, hour) for key, hour in asked]
    assert found["seller_city"].to_list() == expected


@examples(10)
@given(st.data(), RECORDS)
def test_any_order_repetition_and_cut_into_runs_give_the_same_history(
    data: st.DataObject, records: list[Record]
) -> None:
    again = data.draw(st.permutations([*records, *data.draw(st.lists(st.sampled_from(records)))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(again)), max_size=2)))
    with TemporaryDirectory() as lake:
        for begin, end in zip([0, *cuts], [*cuts, len(again)], strict=True):
            arrive(lake, again[begin:end])
            in_runs = refresh(lake)
        assert_frame_equal(in_runs, history(records), check_row_order=False)
        assert_frame_equal(in_runs, refresh(lake, rebuild=True), check_row_order=False)


@examples(10)
@given(RECORDS)
def test_versions_are_intervals_merged_or_superseded(records: list[Record]) -> None:
    with TemporaryDirectory() as lake:
        arrive(lake, records)
        rows = refresh(lake)
        metrics = last_metrics(delta.open_existing(lake, HISTORY.name))
    valid = [record for record in records if is_valid(record)]
    instants = len({(record.key, record.hour) for record in valid})
    assert metrics["versions"] == len(valid)
    assert metrics["superseded"] == len(valid) - instants
    assert metrics["merged"] == instants - len(rows)
