"""Checks of derived tables, and the message if a table breaks its contract."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from contracts.contract import Gold, Money, column, rule, warning
from contracts.table_check import ContractBrokenError, check_table


class DimStall(Gold, key=("stall",)):
    """One row per stall."""

    stall: str = column()


class FactTakings(Gold, key=("stall", "day")):
    """One row per stall and day."""

    stall: str = column(references=DimStall)
    day: int = column(ge=1)
    price: Money = column()
    tip: Money = column(nullable=True)

    @rule
    def tip_is_less_than_price(cls) -> pl.Expr:
        """Nobody gives that much."""
        return pl.col("tip") < pl.col("price")

    @warning
    def tip_is_given(cls) -> pl.Expr:
        """Most people give a tip."""
        return pl.col("tip").is_not_null()


STALLS = pl.LazyFrame({"stall": ["a", "b", "c"]})


def takings(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=FactTakings.fields(), orient="row")


def complaint(made: pl.DataFrame, stalls: pl.LazyFrame = STALLS) -> str:
    with pytest.raises(ContractBrokenError) as broken:
        check_table(made, FactTakings, {"stall": stalls})
    return str(broken.value)


def test_a_valid_table_passes() -> None:
    check_table(
        takings(("a", 1, 5, 1), ("a", 2, 5, 1), ("b", 1, 5, 1)), FactTakings, {"stall": STALLS}
    )


def test_an_empty_table_passes() -> None:
    check_table(takings(), FactTakings, {"stall": STALLS.clear()})


def test_a_warning_is_not_an_error() -> None:
    check_table(takings(("a", 1, 5, None)), FactTakings, {"stall": STALLS})


def test_a_table_without_references_passes() -> None:
    check_table(pl.DataFrame({"stall": ["a"]}), DimStall, {})


def test_the_message_has_table_rule_count_and_key() -> None:
    made = takings(("a", 0, 5, 1), ("b", 1, 5, 1), ("c", -1, 5, 1))
    assert complaint(made) == (
        "gold.fact_takings breaks its contract: day_is_at_least_1 (rows: 2, such as a/0, c/-1). "
        "Nothing was written. Its inputs are valid, so correct the function of the table."
    )


def test_the_message_has_five_examples() -> None:
    made = takings(*[("a", day, Decimal(1), Decimal(2)) for day in range(1, 8)])
    assert "tip_is_less_than_price (rows: 7, such as a/1, a/2, a/3, a/4, a/5)" in complaint(made)


def test_a_required_column_must_not_be_null() -> None:
    assert "price_is_present (rows: 1, such as a/1)" in complaint(takings(("a", 1, None, None)))


def test_keys_are_unique_together() -> None:
    made = takings(("a", 1, 5, 1), ("a", 2, 5, 1), ("b", 1, 5, 1), ("a", 1, 6, 1))
    assert "stall_and_day_is_unique (rows: 2, such as a/1, a/1)" in complaint(made)


def test_a_foreign_key_must_exist() -> None:
    made = takings(("a", 1, 5, 1), ("z", 1, 5, 1))
    assert "stall_is_in_gold.dim_stall (rows: 1, such as z/1)" in complaint(made)


def test_the_referenced_table_may_have_more_columns() -> None:
    check_table(takings(("a", 1, 5, 1)), FactTakings, {"stall": STALLS.with_columns(day=1, tip=0)})


def test_the_message_has_every_broken_rule() -> None:
    made = takings(("z", 0, 1, 2), ("z", 0, None, None))
    reports = complaint(made).partition(". ")[0].partition(": ")[2].split("; ")
    assert [report.partition(" ")[0] for report in reports] == [
        "day_is_at_least_1",
        "price_is_present",
        "tip_is_less_than_price",
        "stall_and_day_is_unique",
        "stall_is_in_gold.dim_stall",
    ]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (takings(("a", 1, 5, 1)).drop("tip"), "tip"),
        (takings(("a", 1, 5, 1)).with_columns(more=1), "more"),
        (takings(("a", 1, 5, 1)).cast({"day": pl.Int32}), "day"),
        (takings(("a", 1, 5, 1)).cast({"price": pl.Decimal(38, 2)}), "price"),
        (takings(("a", 1, 5, 1)).cast({"price": pl.Float64}), "price"),
    ],
    ids=["a column less", "a column more", "a narrower number", "wider money", "money as float"],
)
def test_other_columns_or_types_are_refused(made: pl.DataFrame, reason: str) -> None:
    message = complaint(made)
    assert message.startswith("gold.fact_takings has other columns than its contract: ")
    assert reason in message.partition(": ")[2]
    assert message.endswith(". Correct the function of the table; add a cast if the type differs.")
    assert "\n" not in message
