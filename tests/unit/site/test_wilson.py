"""Tests of the intervals of shares."""

import duckdb
import pytest

from flows.site.report.wilson import differ, wilson, wilson_sql


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # from Newcombe (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_equals_the_published_interval(
    successes: int, trials: int, low: float, high: float
) -> None:
    interval = wilson(successes, trials)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_wilson_in_sql_is_the_same() -> None:
    database = duckdb.connect()
    for end, high in ((0, False), (1, True)):
        share = wilson_sql("late", "delivered", high=high)
        counts = "(VALUES (15, 148), (0, 0)) AS counts(late, delivered)"
        found = database.execute(f"SELECT {share} FROM {counts}").fetchall()  # noqa: S608 - literals
        assert found == [(pytest.approx(wilson(15, 148)[end], abs=1e-4),), (None,)]


def test_wilson_of_many_shares_is_wider() -> None:
    one, many = wilson(20, 205), wilson(20, 205, compared=27)
    assert many.low < one.low < one.high < many.high
    assert 0.07 in one
    assert 0.2 not in one


def test_shares_differ_by_more_than_chance() -> None:
    assert differ((855, 900), (765, 900))
    assert differ((765, 900), (855, 900))
    assert not differ((14, 15), (9, 10))
    assert not differ((0, 1), (0, 1))
    # From Newcombe (1998), the interval of 56/70 - 48/80 is 0.0524 to 0.3339.
    assert differ((56, 70), (48, 80))
