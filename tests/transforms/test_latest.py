"""Which version of a record wins belongs to the versions, not to how they came."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.latest import latest

Version = tuple[str, int, int, str | None, int | None]
"""Two columns of a key, the hour of `_event_time`, two columns of content."""

MIDNIGHT = datetime(2017, 11, 24, tzinfo=UTC)
KEY = ("order_id", "item")
SCHEMA = pl.Schema(
    {
        "order_id": pl.String(),
        "item": pl.Int64(),
        "status": pl.String(),
        "price": pl.Int64(),
        "_event_time": pl.Datetime("us", "UTC"),
    }
)
VERSIONS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from([1, 2]),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([None, "", "x", "y"]),
        st.sampled_from([None, -1, 1]),
    ),
    max_size=12,
)


def frame(versions: Sequence[Version]) -> pl.LazyFrame:
    rows = [(a, b, c, d, MIDNIGHT + timedelta(hours=hour)) for a, b, hour, c, d in versions]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def assert_same(left: pl.LazyFrame, right: pl.LazyFrame) -> None:
    assert_frame_equal(left, right, check_row_order=False)


def test_the_later_version_wins_wherever_it_stands() -> None:
    early, late = ("a", 1, 0, "z", 9), ("a", 1, 1, "a", 1)
    assert_same(latest(frame([early, late]), KEY), frame([late]))
    assert_same(latest(frame([late, early]), KEY), frame([late]))


def test_versions_of_the_same_moment_are_told_apart_by_their_contents() -> None:
    less, more, most = ("a", 1, 0, "x", 9), ("a", 1, 0, "y", 1), ("a", 1, 0, "y", 2)
    assert_same(latest(frame([most, less, more]), KEY), frame([most]))
    assert_same(latest(frame([less, more]), KEY), frame([more]))


def test_a_value_wins_over_none_at_the_same_moment() -> None:
    empty, full = ("a", 1, 0, None, None), ("a", 1, 0, "", None)
    assert_same(latest(frame([full, empty]), KEY), frame([full]))


def test_each_key_has_a_row_of_its_own() -> None:
    rows: list[Version] = [("a", 1, 0, "x", 1), ("a", 2, 0, "x", 1), ("b", 1, 0, "x", 1)]
    assert_same(latest(frame(rows), KEY), frame(rows))


def test_no_versions_make_no_rows() -> None:
    assert_same(latest(frame([]), KEY), frame([]))


def test_columns_and_types_stay_as_they_are() -> None:
    versions = frame([("a", 1, 0, "x", 1)])
    assert latest(versions, KEY).collect_schema() == versions.collect_schema()


@given(VERSIONS)
def test_the_winner_is_the_greatest_version_of_its_key(versions: list[Version]) -> None:
    def rank(version: Version) -> tuple[int, tuple[bool, str], tuple[bool, int]]:
        _, _, hour, status, price = version
        return hour, (status is not None, status or ""), (price is not None, price or 0)

    keys = {version[:2] for version in versions}
    winners = [max((v for v in versions if v[:2] == key), key=rank) for key in keys]
    assert_same(latest(frame(versions), KEY), frame(winners))


@given(VERSIONS, st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(versions: list[Version], chance: Random) -> None:
    again = [*versions, *chance.choices(versions, k=len(versions))] if versions else []
    chance.shuffle(again)
    assert_same(latest(frame(again), KEY), latest(frame(versions), KEY))


@given(VERSIONS, VERSIONS)
def test_deliveries_may_be_split_anywhere(first: list[Version], second: list[Version]) -> None:
    before = latest(frame(first), KEY)
    step_by_step = latest(pl.concat([before, frame(second)]), KEY)
    assert_same(step_by_step, latest(frame([*first, *second]), KEY))
