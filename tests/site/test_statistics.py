"""What is told of a table's values: figures, and never a value of a person."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from contracts.contract import Gold, Money, Silver, Timestamp, column
from flows.site.docs.statistics import Statistics, statistics


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


def told(name: str) -> Statistics:
    return statistics(VISITS, Visits)[name]


def test_personal_columns_are_not_looked_at() -> None:
    assert {*Visits.fields()} - statistics(VISITS, Visits).keys() == {"name"}


def test_of_free_text_only_lengths_are_told() -> None:
    assert told("city") == Statistics(empty=0.25, distinct=3, least=5, most=6)


def test_of_a_closed_set_the_values_are_told_most_frequent_first() -> None:
    assert list(told("kind").frequent.items()) == [("short", 0.75), ("long", 0.25)]
    assert told("level").frequent == {"1": 1.0}


def test_of_amounts_the_range_and_the_mean_are_told() -> None:
    assert told("price") == Statistics(
        empty=0, distinct=4, least=Decimal("1.00"), mean=2.625, most=Decimal("4.50")
    )


def test_of_times_the_range_is_told() -> None:
    entered = told("entered")
    assert (entered.least, entered.most) == (datetime(2018, 1, 1), datetime(2018, 1, 3))


def test_the_mean_of_keys_means_nothing() -> None:
    assert told("visit_id").mean is told("mood_id").mean is None
    assert (told("mood_id").least, told("mood_id").most) == (7, 8)


def test_of_booleans_the_share_of_true_is_told() -> None:
    assert told("paid").mean == 2 / 3
    assert told("paid").distinct == 2


def test_an_empty_table_has_no_statistics() -> None:
    assert statistics(VISITS.clear(), Visits) == {}


def test_a_column_that_the_stored_table_lacks_is_left_out() -> None:
    older = VISITS.drop("price").with_columns(pl.col("kind").cast(pl.Categorical))
    assert {*Visits.fields()} - statistics(older, Visits).keys() == {"name", "price", "kind"}
