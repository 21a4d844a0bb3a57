"""Tests of the sample rows of a table."""

from decimal import Decimal

import polars as pl

from contracts.gold.mart_category import MartCategory
from contracts.silver.order_reviews import OrderReviews
from flows.site.docs.sample_rows import ROWS, sample_rows


def test_sample_rows_are_the_first_by_key() -> None:
    names = [f"category_{n}" for n in range(9, 0, -1)]
    rows = pl.LazyFrame({"category": names, "sales": [Decimal("1.50")] * 9, "other": 1})
    sample = sample_rows(rows, MartCategory)
    assert sample.columns == ["category", "sales"]
    assert sample.numbers == [False, True]
    assert sample.rows == [[f"category_{n}", "1.50"] for n in range(1, ROWS + 1)]


def test_sample_rows_have_no_personal_column_and_short_texts() -> None:
    rows = pl.LazyFrame({name: ["x" * 100] for name in OrderReviews.fields()})
    sample = sample_rows(rows, OrderReviews)
    assert OrderReviews.personal()
    assert {*sample.columns} == {*OrderReviews.fields()} - {*OrderReviews.personal()}
    assert {len(cell) for cell in sample.rows[0]} == {61}


def test_sample_rows_have_the_key_of_the_first_row_for_a_trace() -> None:
    rows = pl.LazyFrame({"category": ["toys and games", "watches"]})
    assert sample_rows(rows, MartCategory).trace == "category='toys and games'"


def test_sample_rows_without_a_key_have_no_trace() -> None:
    assert sample_rows(pl.LazyFrame({"category": [None, "toys"]}), MartCategory).trace == ""
    assert sample_rows(pl.LazyFrame({"category": []}), MartCategory).trace == ""
