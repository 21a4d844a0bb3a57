"""Allocation of an amount to the rows of a group, without losing a cent."""

import polars as pl
from polars import col

from contracts.domain import REAIS


def allocate(
    rows: pl.LazyFrame, *, amount: str, by: str, key: tuple[str, str], into: str
) -> pl.LazyFrame:
    """Add the column `into` with each row's share of its group's amount.

    The shares of a group add up to its amount exactly: each row gets the cumulative amount up to
    and including the row, rounded down to the cent, minus the shares of the rows before it.

    Args:
        rows: the rows of all groups.
        amount: the column with the amount, the same in all rows of a group. In BRL, 0 to 10^12.
        by: the column in proportion to which the amount is allocated. In BRL, 0 to 10^12. If its
            sum in a group is zero, all rows of the group get equal shares.
        key: the column with the group, and the column that orders its rows.
        into: the name of the new column.
    """
    group, order = key
    # A window within a window would be computed repeatedly, so each gets its own step.
    return (
        rows.with_columns(_amount=_cents(amount), _part=_cents(by))
        .with_columns(_whole=col("_part").sum().over(group))
        .with_columns(_part=pl.when(col("_whole") > 0).then("_part").otherwise(1))
        .with_columns(
            _whole=col("_part").sum().over(group),
            _upto=col("_part").cum_sum().over(group, order_by=order),
        )
        .with_columns(_share=_cumulative(col("_upto")) - _cumulative(col("_upto") - col("_part")))
        .with_columns((col("_share").cast(pl.Decimal(38, 2)) / 100).cast(REAIS).alias(into))
        .drop("_amount", "_part", "_whole", "_upto", "_share")
    )


def _cents(amount: str) -> pl.Expr:
    return (col(amount) * 100).cast(pl.Int64)


def _cumulative(upto: pl.Expr) -> pl.Expr:
    # The product of two amounts of money needs 128 bits.
    return col("_amount").cast(pl.Int128) * upto // col("_whole")
