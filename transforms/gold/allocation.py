"""Sharing an amount out to parts so that no cent is lost."""

import polars as pl
from polars import col

from contracts.domain import REAIS


def allocate(
    rows: pl.LazyFrame, *, amount: str, by: str, key: tuple[str, str], into: str
) -> pl.LazyFrame:
    """Add the column `into`: each row's share of its group's `amount`, in proportion to `by`.

    The first column of `key` names the group, the second orders its rows. The shares of a group
    add up to its amount exactly: each row gets the part of the amount up to and including it,
    rounded down to the cent, less what the rows before it got. Where `by` adds up to zero, the
    rows share alike. `amount`, the same in all rows of a group, and `by` are reais between 0 and
    10^12 each, as is the result.
    """
    group, order = key
    # Step by step, for a window inside a window would be computed over and over.
    return (
        rows.with_columns(_amount=_cents(amount), _part=_cents(by))
        .with_columns(_whole=col("_part").sum().over(group))
        .with_columns(_part=pl.when(col("_whole") > 0).then("_part").otherwise(1))
        .with_columns(
            _whole=col("_part").sum().over(group),
            _upto=col("_part").cum_sum().over(group, order_by=order),
        )
        .with_columns(_share=_reached(col("_upto")) - _reached(col("_upto") - col("_part")))
        .with_columns((col("_share").cast(pl.Decimal(38, 2)) / 100).cast(REAIS).alias(into))
        .drop("_amount", "_part", "_whole", "_upto", "_share")
    )


def _cents(amount: str) -> pl.Expr:
    return (col(amount) * 100).cast(pl.Int64)


def _reached(upto: pl.Expr) -> pl.Expr:
    # 128 bits: the product of two amounts of money must not overflow.
    return col("_amount").cast(pl.Int128) * upto // col("_whole")
