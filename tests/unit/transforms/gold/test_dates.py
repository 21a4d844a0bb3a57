"""Calendar days: 23:59 and 00:01 are a day apart, 00:01 and 23:59 are not."""

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.gold.dates import calendar_days, date_key

at = datetime.fromisoformat


def days(start: datetime | None, end: datetime | None) -> int | None:
    frame = pl.LazyFrame({"start": [start], "end": [end]}, schema_overrides=MOMENTS)
    counted: int | None = frame.select(calendar_days("start", "end")).collect().item()
    return counted


MOMENTS = {"start": pl.Datetime("us"), "end": pl.Datetime("us")}


@pytest.mark.parametrize(
    ("start", "end", "midnights"),
    [
        ("2017-11-24 23:59:59", "2017-11-25 00:00:00", 1),
        ("2017-11-24 00:00:00", "2017-11-24 23:59:59", 0),
        ("2017-11-25 00:00:00", "2017-11-24 23:59:59", -1),
        ("2017-12-31 12:00:00", "2018-01-01 06:00:00", 1),
        ("2016-02-28 12:00:00", "2016-03-01 12:00:00", 2),
        ("2017-10-14 12:00:00", "2017-10-16 12:00:00", 2),
    ],
)
def test_midnights_are_counted(start: str, end: str, midnights: int) -> None:
    assert days(at(start), at(end)) == midnights


def test_days_without_both_times_are_null() -> None:
    assert days(None, at("2017-11-24")) is None
    assert days(at("2017-11-24"), None) is None


@given(st.datetimes(at("1900-01-01"), at("2100-01-01")))
def test_the_date_key_is_the_day_as_a_number(moment: datetime) -> None:
    keys = pl.LazyFrame({"bought": [moment]}).select(date_key("bought"))
    assert keys.collect().to_dicts() == [{"date_key": int(f"{moment:%Y%m%d}")}]


def test_the_date_key_has_the_type_of_its_dimension() -> None:
    moments = pl.LazyFrame(schema={"bought": pl.Datetime("us")})
    assert moments.select(date_key("bought")).collect_schema() == {"date_key": pl.Int64}
