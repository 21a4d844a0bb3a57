"""Deduplication depends on the versions, not on the order in which they arrive."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.technical_columns import SILVER_PROVENANCE
from transforms.deduplication import latest_versions

Version = tuple[str, int, str | None, int, int, str | None]
"""Two columns of a key, source, position, the hour of `_event_time`, contents."""

MIDNIGHT = datetime(2017, 11, 24, tzinfo=UTC)
KEY = ("order_id", "item")
SCHEMA = {"order_id": pl.String(), "item": pl.Int64(), "status": pl.String(), **SILVER_PROVENANCE}
EARLY, LATE = "f" * 64, "0" * 64
SOURCES = (
    *(f"file/{EARLY}/orders_1.csv", f"file/{LATE}/orders_1.csv", f"file/{LATE}/orders_2.csv"),
    *("kafka/orders/0", "kafka/orders/1", None),
)
VERSIONS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from([1, 2]),
        st.sampled_from(SOURCES),
        st.sampled_from([1, 2, 10]),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([None, "", "x", "y"]),
    ),
    max_size=12,
)


def frame(versions: Sequence[Version]) -> pl.LazyFrame:
    rows = [
        (order_id, item, status, source, position, MIDNIGHT + timedelta(hours=hour))
        for order_id, item, source, position, hour, status in versions
    ]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def assert_same(left: pl.LazyFrame, right: pl.LazyFrame) -> None:
    assert_frame_equal(left, right, check_row_order=False)


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        pytest.param(
            ("a", 1, "kafka/orders/1", 9, 0, "y"), ("a", 1, SOURCES[0], 1, 1, "x"), id="time"
        ),
        pytest.param(
            ("a", 1, f"file/{EARLY}/orders_1.csv", 9, 0, "y"),
            ("a", 1, f"file/{LATE}/orders_2.csv", 1, 0, "x"),
            id="name of the file, whatever its digest",
        ),
        pytest.param(
            ("a", 1, f"file/{EARLY}/orders_1.csv", 9, 0, "y"),
            ("a", 1, f"file/{LATE}/orders_1.csv", 10, 0, "x"),
            id="row of files of one name, whatever their digests",
        ),
        pytest.param(
            ("a", 1, f"file/{LATE}/2018/a.csv", 1, 0, "y"),
            ("a", 1, f"file/{EARLY}/2019/a.csv", 1, 0, "x"),
            id="folder of the file",
        ),
        pytest.param(
            ("a", 1, SOURCES[0], 2, 0, "y"), ("a", 1, SOURCES[0], 10, 0, "x"), id="row of a file"
        ),
        pytest.param(
            ("a", 1, "kafka/orders/0", 2, 0, "y"),
            ("a", 1, "kafka/orders/0", 10, 0, "x"),
            id="offset of a partition",
        ),
        pytest.param(
            ("a", 1, SOURCES[0], 1, 0, "x"), ("a", 1, SOURCES[0], 1, 0, "y"), id="contents"
        ),
        pytest.param(
            ("a", 1, SOURCES[0], 1, 0, None), ("a", 1, SOURCES[0], 1, 0, ""), id="a value over none"
        ),
    ],
)
def test_the_later_version_wins_in_any_order(loser: Version, winner: Version) -> None:
    assert_same(latest_versions(frame([loser, winner]), KEY), frame([winner]))
    assert_same(latest_versions(frame([winner, loser]), KEY), frame([winner]))


def test_each_key_has_one_row() -> None:
    keys = [("a", 1), ("a", 2), ("b", 1)]
    rows: list[Version] = [(*key, SOURCES[0], 1, 0, "x") for key in keys]
    assert_same(latest_versions(frame(rows), KEY), frame(rows))


def test_no_versions_give_no_rows() -> None:
    assert_same(latest_versions(frame([]), KEY), frame([]))


def test_columns_and_types_are_unchanged() -> None:
    versions = frame([("a", 1, SOURCES[0], 1, 0, "x")])
    assert latest_versions(versions, KEY).collect_schema() == versions.collect_schema()


@given(VERSIONS)
def test_the_winner_is_the_greatest_version_of_its_key(versions: list[Version]) -> None:
    def rank(version: Version) -> tuple[int, tuple[bool, str], int, tuple[bool, str], str]:
        _, _, source, position, hour, status = version
        name = (source or "").replace(f"{EARLY}/", "").replace(f"{LATE}/", "")
        named = source is not None, name
        return hour, named, position, (status is not None, status or ""), source or ""

    keys = {version[:2] for version in versions}
    winners = [max((v for v in versions if v[:2] == key), key=rank) for key in keys]
    assert_same(latest_versions(frame(versions), KEY), frame(winners))


@given(VERSIONS, st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(versions: list[Version], chance: Random) -> None:
    again = [*versions, *chance.choices(versions, k=len(versions))] if versions else []
    chance.shuffle(again)
    assert_same(latest_versions(frame(again), KEY), latest_versions(frame(versions), KEY))


@given(VERSIONS, VERSIONS)
def test_deliveries_may_be_split_anywhere(first: list[Version], second: list[Version]) -> None:
    before = latest_versions(frame(first), KEY)
    step_by_step = latest_versions(pl.concat([before, frame(second)]), KEY)
    assert_same(step_by_step, latest_versions(frame([*first, *second]), KEY))
