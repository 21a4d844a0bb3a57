"""Intervals of equal values, and the version that held at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.technical_columns import SILVER_PROVENANCE
from transforms.history import BEGINNING, as_of, intervals, only_versions

MIDNIGHT = datetime(2017, 11, 24, tzinfo=UTC)
SCHEMA = {
    "seller_id": pl.String(),
    "city": pl.String(),
    "zip": pl.String(),
    **SILVER_PROVENANCE,
    "_is_delete": pl.Boolean(),
}

Version = tuple[str, int | None, str | None]
"""Key, hour of the event time, city; a delete has no city."""
Interval = tuple[str, str | None, int | None, int | None, bool, bool]


def at(hour: int | None) -> datetime | None:
    return None if hour is None else MIDNIGHT + timedelta(hours=hour)


UNKNOWN = (BEGINNING - MIDNIGHT) // timedelta(hours=1)


def versions(*found: Version) -> pl.LazyFrame:
    rows = [
        (key, city, "zip", "kafka/sellers/0", position, at(hour), city is None)
        for position, (key, hour, city) in enumerate(found)
    ]
    return pl.LazyFrame(rows, SCHEMA, orient="row")


def history(*found: Version) -> pl.DataFrame:
    return intervals(versions(*found), ["seller_id"], ["city"]).collect()


def of(*found: Interval) -> pl.DataFrame:
    times = pl.Datetime("us", "UTC")
    schema: dict[str, pl.DataType] = {
        "seller_id": pl.String(),
        "city": pl.String(),
        "valid_from": times,
        "valid_to": times,
        "is_current": pl.Boolean(),
        "is_deleted": pl.Boolean(),
    }
    rows = [
        (key, city, at(start), at(end), current, deleted)
        for key, city, start, end, current, deleted in found
    ]
    return pl.DataFrame(rows, schema, orient="row")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], [], id="no version"),
        pytest.param([("a", 1, "x")], [("a", "x", 1, None, True, False)], id="one version"),
        pytest.param(
            [("a", 1, "x"), ("a", 3, "y"), ("b", 2, "x")],
            [
                ("a", "x", 1, 3, False, False),
                ("a", "y", 3, None, True, False),
                ("b", "x", 2, None, True, False),
            ],
            id="a change of one key",
        ),
        pytest.param(
            [("a", 3, "x"), ("a", 1, "x"), ("a", 2, "x"), ("a", 1, "x")],
            [("a", "x", 1, None, True, False)],
            id="equal versions are one interval",
        ),
        pytest.param(
            [("a", 1, "x"), ("a", 5, "x"), ("a", 3, "y")],
            [
                ("a", "x", 1, 3, False, False),
                ("a", "y", 3, 5, False, False),
                ("a", "x", 5, None, True, False),
            ],
            id="a late version splits an interval",
        ),
        pytest.param(
            [("a", 1, "x"), ("a", 1, "y")],
            [("a", "y", 1, None, True, False)],
            id="the later position of an instant wins",
        ),
        pytest.param(
            [("a", 1, "x"), ("a", 2, None), ("a", 3, None), ("a", 4, "x")],
            [
                ("a", "x", 1, 2, False, False),
                ("a", None, 2, 4, False, True),
                ("a", "x", 4, None, True, False),
            ],
            id="a delete, and the key comes again",
        ),
        pytest.param(
            [("a", 2, "x"), ("a", 3, None)],
            [("a", "x", 2, 3, False, False), ("a", None, 3, None, False, True)],
            id="a key that ends deleted has no current interval",
        ),
        pytest.param([("a", 1, None)], [("a", None, 1, None, False, True)], id="only a delete"),
        pytest.param(
            [("a", 1, "y"), ("a", None, "w"), ("a", None, "x")],
            [("a", "x", UNKNOWN, 1, False, False), ("a", "y", 1, None, True, False)],
            id="a version without time comes first",
        ),
    ],
)
def test_intervals(given: Sequence[Version], expected: Sequence[Interval]) -> None:
    assert_frame_equal(history(*given), of(*expected))


def test_a_change_of_an_untracked_column_begins_no_interval() -> None:
    rows = versions(("a", 1, "x"), ("a", 2, "x")).with_columns(zip=pl.Series(["1", "2"]))
    assert len(intervals(rows, ["seller_id"], ["city"]).collect()) == 1
    assert len(intervals(rows, ["seller_id"], ["city", "zip"]).collect()) == 2


def test_a_change_to_null_begins_an_interval_that_is_no_delete() -> None:
    rows = versions(("a", 1, "x"), ("a", 2, None)).with_columns(_is_delete=pl.lit(value=False))
    expected = of(("a", "x", 1, 2, False, False), ("a", None, 2, None, True, False))
    assert_frame_equal(intervals(rows, ["seller_id"], ["city"]).collect(), expected)


def test_values_of_a_delete_do_not_count() -> None:
    rows = versions(("a", 1, "x")).with_columns(_is_delete=pl.lit(value=True))
    expected = of(("a", None, 1, None, False, True))
    assert_frame_equal(intervals(rows, ["seller_id"], ["city"]).collect(), expected)


def test_intervals_without_deletes_need_no_mark() -> None:
    rows = versions(("a", 1, "x"), ("a", 2, "y"))
    unmarked = intervals(rows.drop("_is_delete"), ["seller_id"], ["city"]).collect()
    assert_frame_equal(unmarked, intervals(rows, ["seller_id"], ["city"]).collect())


def test_only_versions_have_the_intervals_that_all_versions_have() -> None:
    rows = versions(("a", 1, "x"), ("b", None, "y"))
    expected = intervals(rows, ["seller_id"], ["city"]).collect()
    assert_frame_equal(only_versions(rows, ["seller_id"], ["city"]).collect(), expected)


HISTORY = history(("a", 1, "x"), ("a", 3, None), ("a", 5, "y"), ("b", None, "v"), ("b", 4, "w"))


def held(key: str | None, hour: int | None) -> str | None:
    schema = {"seller_id": pl.String(), "sold": SCHEMA["_event_time"]}
    rows = pl.LazyFrame([(key, at(hour))], schema, orient="row")
    joined = as_of(rows, HISTORY.lazy(), on="seller_id", at="sold").collect()
    assert joined.columns == ["seller_id", "sold", "city"]
    return joined["city"].item()  # type: ignore[no-any-return]  # a text or null


@pytest.mark.parametrize(
    ("key", "hour", "city"),
    [
        pytest.param("a", 0, None, id="before the first version"),
        pytest.param("a", 1, "x", id="at the instant of the change"),
        pytest.param("a", 2, "x", id="in the interval"),
        pytest.param("a", 3, None, id="at the delete"),
        pytest.param("a", 4, None, id="while deleted"),
        pytest.param("a", 9, "y", id="after it came again"),
        pytest.param("b", -9, "v", id="a version without time holds before all others"),
        pytest.param("b", 4, "w", id="and ends with the next one"),
        pytest.param("c", 4, None, id="an unknown key"),
        pytest.param(None, 4, None, id="no key"),
        pytest.param("a", None, None, id="no time"),
    ],
)
def test_as_of_finds_the_version_that_held(key: str, hour: int, city: str | None) -> None:
    assert held(key, hour) == city


def test_as_of_keeps_the_order_and_number_of_rows() -> None:
    rows = pl.LazyFrame(
        {"n": [3, 1, 2], "seller_id": ["b", "a", "a"], "sold": [*map(at, [4, 9, 1])]}
    )
    joined = as_of(rows, HISTORY.lazy(), on="seller_id", at="sold").collect()
    assert joined["n"].to_list() == [3, 1, 2]
    assert joined["city"].to_list() == ["w", "y", "x"]


def test_as_of_takes_a_time_without_zone_for_a_wall_clock() -> None:
    changed = at(1)  # UTC; two hours earlier in São Paulo, which has summer time in November
    assert changed
    wall = changed.replace(tzinfo=None) - timedelta(hours=2)
    rows = pl.LazyFrame({"seller_id": ["a", "a"], "sold": [wall, wall - timedelta(seconds=1)]})
    joined = as_of(rows, HISTORY.lazy(), on="seller_id", at="sold").collect()
    assert joined["city"].to_list() == ["x", None]


def test_as_of_takes_a_key_of_several_columns() -> None:
    rows = versions(("a", 1, "x"), ("a", 1, "y")).with_columns(zip=pl.Series(["1", "2"]))
    found = intervals(rows, ["seller_id", "zip"], ["city"])
    asked = pl.LazyFrame({"seller_id": ["a"], "zip": ["2"], "sold": [at(2)]})
    assert as_of(asked, found, on=["seller_id", "zip"], at="sold").collect()["city"].item() == "y"
