"""Tests of column statistics."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from contracts.contract import Gold, Money, Silver, Timestamp, column
from flows.site.docs.statistics import Statistics, column_statistics


class DimMood(Gold, key=("mood_id",)):
    """One row per mood."""

    mood_id: int = column()


class Visits(Silver, key=("visit_id",)):
    """One row per visit."""

    visit_id: int = column()
    mood_id: int = column(references=DimMood)
    name: str = column(personal=True)
    city: str = column(nullable=True)
    kind: str = column(isin=["long", "short", "never"])
    level: int = column(isin=[1, 2])
    price: Money = column()
    entered: Timestamp = column()
    paid: bool = column(nullable=True)


VISITS = pl.LazyFrame(
    {
        "visit_id": [1, 2, 3, 4],
        "mood_id": [7, 7, 8, 8],
        "name": ["Ana", "Bia", "Ana", "Caio"],
        "city": ["recife", None, "olinda", "natal"],
        "kind": ["short", "long", "short", "short"],
        "level": [1, 1, 1, 1],
        "price": [Decimal("1.00"), Decimal("2.00"), Decimal("3.00"), Decimal("4.50")],
        "entered": [datetime.fromisoformat(f"2018-01-0{day}") for day in (3, 1, 2, 2)],
        "paid": [True, None, False, True],
    },
    schema=Visits.fields(),
)


def statistics_of(name: str) -> Statistics:
    return column_statistics(VISITS, Visits)[name]


def test_statistics_skip_personal_columns() -> None:
    assert {*Visits.fields()} - column_statistics(VISITS, Visits).keys() == {"name"}


def test_statistics_of_text_are_lengths() -> None:
    assert statistics_of("city") == Statistics(null_share=0.25, distinct=3, minimum=5, maximum=6)


def test_statistics_of_listed_values_are_shares_most_frequent_first() -> None:
    assert list(statistics_of("kind").value_shares.items()) == [("short", 0.75), ("long", 0.25)]
    assert statistics_of("level").value_shares == {"1": 1.0}


def test_statistics_of_amounts_are_range_and_mean() -> None:
    assert statistics_of("price") == Statistics(
        null_share=0, distinct=4, minimum=Decimal("1.00"), mean=2.625, maximum=Decimal("4.50")
    )


def test_statistics_of_times_are_the_range() -> None:
    entered = statistics_of("entered")
    assert (entered.minimum, entered.maximum) == (datetime(2018, 1, 1), datetime(2018, 1, 3))


def test_statistics_of_keys_have_no_mean() -> None:
    assert statistics_of("visit_id").mean is statistics_of("mood_id").mean is None
    assert (statistics_of("mood_id").minimum, statistics_of("mood_id").maximum) == (7, 8)


def test_statistics_of_booleans_are_the_share_of_true() -> None:
    assert statistics_of("paid").mean == 2 / 3
    assert statistics_of("paid").distinct == 2


def test_statistics_of_an_empty_table_are_empty() -> None:
    assert column_statistics(VISITS.clear(), Visits) == {}


def test_statistics_skip_columns_that_the_stored_table_lacks() -> None:
    older = VISITS.drop("price").with_columns(pl.col("kind").cast(pl.Categorical))
    assert {*Visits.fields()} - column_statistics(older, Visits).keys() == {"name", "price", "kind"}
