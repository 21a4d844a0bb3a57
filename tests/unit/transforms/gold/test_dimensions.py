"""Steps that several dimensions share."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.gold.dimensions import with_inferred_members

STALLS = pl.LazyFrame({"stall": ["a", "b"], "city": ["x", None]})


def test_a_missing_member_is_inferred_once() -> None:
    sales = pl.LazyFrame({"sale": [1, 2, 3], "stall": ["z", "a", "z"]})
    made = with_inferred_members(STALLS, sales, "stall")
    expected = pl.LazyFrame(
        {"stall": ["a", "b", "z"], "city": ["x", None, None], "inferred": [False, False, True]}
    )
    assert_frame_equal(made, expected, check_row_order=False)


def test_a_known_member_needs_no_fact() -> None:
    made = with_inferred_members(STALLS, pl.LazyFrame(schema={"stall": pl.String}), "stall")
    assert_frame_equal(made, STALLS.with_columns(inferred=False), check_row_order=False)


def test_the_real_row_replaces_the_inferred_one() -> None:
    sales = pl.LazyFrame({"stall": ["a", "b"]})
    before = with_inferred_members(STALLS.clear(), sales, "stall")
    after = with_inferred_members(STALLS, sales, "stall")
    keys = pl.LazyFrame({"stall": ["a", "b"]})
    assert_frame_equal(
        before,
        keys.select("stall", city=pl.lit(None, pl.String), inferred=True),
        check_row_order=False,
    )
    assert_frame_equal(after, STALLS.with_columns(inferred=False), check_row_order=False)
