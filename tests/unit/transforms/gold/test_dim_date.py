"""gold.dim_date: whole years without a gap."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from contracts.gold.dim_date import DimDate
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.dim_date import dim_date
from transforms.graph import tables


def calendar(purchases: list[str], reviews: list[str]) -> pl.DataFrame:
    at = datetime.fromisoformat
    bought = [{"order_purchase_timestamp": at(moment)} for moment in purchases]
    asked = [{"review_creation_date": at(moment)} for moment in reviews]
    inputs = tables()["gold.dim_date"].inputs
    empty = {name: pl.LazyFrame(schema=contract.fields()) for name, contract in inputs.items()}
    given = {
        "orders": pl.LazyFrame(bought, schema=Orders.fields()),
        "order_reviews": pl.LazyFrame(asked, schema=OrderReviews.fields()),
    }
    return dim_date(**empty | given).collect()


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=day) for day in range((end - start).days + 1)]


@pytest.mark.parametrize(
    ("purchases", "reviews", "first", "last"),
    [
        (["2017-06-15 12:00"], [], "2017-01-01", "2017-12-31"),
        ([], ["2016-12-31 23:59"], "2016-01-01", "2016-12-31"),
        (["2017-12-31 23:59", "2017-03-01"], ["2018-01-01"], "2017-01-01", "2018-12-31"),
        (["2018-05-05", "2015-05-05"], ["2016-05-05"], "2015-01-01", "2018-12-31"),
    ],
)
def test_every_day_of_every_year_from_the_first_to_the_last(
    purchases: list[str], reviews: list[str], first: str, last: str
) -> None:
    made = calendar(purchases, reviews)
    assert made["date"].sort().to_list() == days(first, last)
    assert made["date_key"].is_unique().all()


def test_without_facts_there_are_no_days() -> None:
    made = calendar([], [])
    assert made.is_empty()
    assert made.schema == DimDate.fields()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (
            date(2016, 2, 29),
            (20160229, 2016, 1, 2, "February", 29, 1, "Monday", False),
        ),
        (
            date(2017, 11, 24),
            (20171124, 2017, 4, 11, "November", 24, 5, "Friday", False),
        ),
        (
            date(2016, 1, 2),
            (20160102, 2016, 1, 1, "January", 2, 6, "Saturday", True),
        ),
        (
            date(2017, 12, 31),
            (20171231, 2017, 4, 12, "December", 31, 7, "Sunday", True),
        ),
    ],
)
def test_a_day_has_its_calendar_attributes(day: date, expected: tuple[object, ...]) -> None:
    made = calendar(["2016-05-05"], ["2017-05-05"])
    (row,) = made.filter(pl.col("date") == day).drop("date").rows()
    assert row == expected


def test_every_day_agrees_with_the_calendar() -> None:
    for row in calendar(["2016-05-05"], []).iter_rows(named=True):
        day = row["date"]
        assert row["date_key"] == int(f"{day:%Y%m%d}")
        assert (row["year"], row["month"], row["day"]) == (day.year, day.month, day.day)
        assert row["quarter"] == (day.month + 2) // 3
        assert row["weekday"] == day.isoweekday()
        assert row["is_weekend"] == (day.isoweekday() in {6, 7})
