"""Shares and averages."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain import REAIS
from tests.support.examples import examples
from transforms.gold.ratios import average, share

MONEY = st.decimals(0, 10**12, places=2)


def test_a_share_of_zero_is_null() -> None:
    frame = pl.DataFrame({"part": [1, 0, 0], "whole": [4, 5, 0]})
    assert frame.select(share("part", "whole")).to_series().to_list() == [0.25, 0.0, None]


@examples(50)
@given(parts=st.lists(st.integers(0, 10**15), min_size=1, max_size=5))
def test_a_share_of_a_sum_is_the_exact_quotient(parts: list[int]) -> None:
    shares = pl.DataFrame({"part": parts}).select(share("part", pl.col("part").sum())).to_series()
    whole = sum(parts)
    assert shares.to_list() == [part / whole if whole else None for part in parts]


@pytest.mark.parametrize(
    ("amount", "count", "expected"),
    [("10.00", 4, "2.50"), ("0.05", 2, "0.03"), ("0.01", 3, "0.00"), ("5.00", 0, None)],
)
def test_an_average_is_rounded_half_up_to_cents(
    amount: str, count: int, expected: str | None
) -> None:
    frame = pl.DataFrame({"amount": [Decimal(amount)], "count": [count]})
    (made,) = frame.select(average("amount", "count")).to_series().to_list()
    assert made == (Decimal(expected) if expected else None)


@examples(50)
@given(amount=MONEY, count=st.integers(1, 10**6))
def test_an_average_is_off_by_half_a_cent_at_most(amount: Decimal, count: int) -> None:
    frame = pl.DataFrame({"amount": pl.Series([amount], dtype=REAIS), "count": [count]})
    (made,) = frame.select(average("amount", "count")).to_series().to_list()
    assert abs(made * count - amount) * 2 <= Decimal("0.01") * count
