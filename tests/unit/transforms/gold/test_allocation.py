"""Allocation of amounts without the loss of a cent."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.domain import REAIS
from transforms.gold.allocation import allocate

LARGEST = Decimal("1999999999.98")
"""Price and freight of the most expensive item that silver accepts."""

AMOUNTS = st.one_of(
    st.decimals(0, 10, places=2),
    st.decimals(0, LARGEST, places=2),
    st.sampled_from([Decimal(0), Decimal("0.01"), LARGEST]),
)

Row = tuple[str, int, Decimal, Decimal]


def allocated(rows: Sequence[Row]) -> list[Decimal]:
    schema = pl.Schema({"order": pl.String(), "item": pl.Int64(), "paid": REAIS, "total": REAIS})
    frame = pl.LazyFrame(rows, schema=schema, orient="row")
    made = allocate(frame, amount="paid", by="total", key=("order", "item"), into="share").collect()
    assert made.schema == {**schema, "share": REAIS}
    assert_frame_equal(made.select(schema.names()).lazy(), frame)
    return made["share"].to_list()


def shares(amount: str | Decimal, weights: Sequence[str | Decimal]) -> list[Decimal]:
    """Share an amount out to items that are numbered in the order of their weights."""
    return allocated([("o", n, Decimal(amount), Decimal(by)) for n, by in enumerate(weights)])


@pytest.mark.parametrize(
    ("amount", "weights", "expected"),
    [
        ("10", ["1", "1"], ["5.00", "5.00"]),
        ("10", ["3", "1"], ["7.50", "2.50"]),
        ("10", ["7"], ["10.00"]),
        ("10", ["0", "1"], ["0.00", "10.00"]),
        ("10", ["1", "0"], ["10.00", "0.00"]),
        ("10", ["1", "1", "1"], ["3.33", "3.33", "3.34"]),
        ("0.01", ["1", "1", "1"], ["0.00", "0.00", "0.01"]),
        ("0.02", ["1", "1", "1"], ["0.00", "0.01", "0.01"]),
        ("0", ["1", "2"], ["0.00", "0.00"]),
        ("10", ["0", "0"], ["5.00", "5.00"]),
        ("1", ["0", "0", "0"], ["0.33", "0.33", "0.34"]),
        ("0", ["0"], ["0.00"]),
    ],
)
def test_shares(amount: str, weights: list[str], expected: list[str]) -> None:
    assert shares(amount, weights) == [Decimal(share) for share in expected]


def test_groups_are_allocated_separately_in_any_row_order() -> None:
    rows = [
        ("a", 2, Decimal(10), Decimal(1)),
        ("b", 1, Decimal(1), Decimal(0)),
        ("a", 1, Decimal(10), Decimal(2)),
        ("b", 2, Decimal(1), Decimal(0)),
    ]
    assert allocated(rows) == [
        Decimal("3.34"),
        Decimal("0.50"),
        Decimal("6.66"),
        Decimal("0.50"),
    ]


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=20))
def test_shares_add_up_to_the_amount_and_none_is_negative(
    amount: Decimal, weights: list[Decimal]
) -> None:
    made = shares(amount, weights)
    assert sum(made) == amount
    assert min(made) >= 0


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=20))
def test_each_share_is_within_a_cent_of_its_part(amount: Decimal, weights: list[Decimal]) -> None:
    cents = [int(by * 100) for by in weights] if any(weights) else [1] * len(weights)
    for share, part in zip(shares(amount, weights), cents, strict=True):
        # In integers, because the default context of Decimal rounds products of this size.
        assert abs(int(share * 100) * sum(cents) - int(amount * 100) * part) < sum(cents)


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=8), st.randoms())
def test_a_share_does_not_depend_on_the_order_of_rows(
    amount: Decimal, weights: list[Decimal], chance: Random
) -> None:
    rows = [("o", row, amount, by) for row, by in enumerate(weights)]
    mixed = chance.sample(rows, k=len(rows))
    in_order = dict(zip((row for _, row, _, _ in mixed), allocated(mixed), strict=True))
    assert [in_order[row] for row in range(len(rows))] == shares(amount, weights)
