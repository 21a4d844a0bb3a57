"""Tests of number, time and docstring formats."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from flows.site.formatting import percent, prose, statistic


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (-1, "-100%"),
        (0.0004, "< 0.1%"),
        (-0.0004, "> -0.1%"),
        (0.9999, "> 99.9%"),
        (-0.9999, "< -99.9%"),
        (0.5, "50.0%"),
        (-0.5, "-50.0%"),
        (83.205, "8,320.5%"),
    ],
)
def test_percent_never_rounds_to_0_or_100(share: float, text: str) -> None:
    assert percent(share) == text


def test_prose_is_one_escaped_line_with_code() -> None:
    assert prose("a < `b`\n  c") == "a &lt; <code>b</code> c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2018, 1, 2, 3, 4, 5), "2018-01-02 03:04"),
        (date(2018, 1, 2), "2018-01-02"),
        (Decimal("1299.90"), "1,299.90"),
        (20180102, "20180102"),
        (14.0484, "14.05"),
    ],
)
def test_statistic_is_short(value: object, text: str) -> None:
    assert statistic(value) == text
