"""Sharing an amount out to parts so that no cent is lost."""

import polars as pl

from contracts.vocabulary import REAIS


def allocate(amount: pl.Expr, by: pl.Expr, *, over: str, order_by: str) -> pl.Expr:
    """Share `amount` (one per group) out to the group's rows in proportion to `by`.

    The shares of a group add up to its amount exactly: each row gets the part of the amount up
    to and including it, rounded down to the cent, less what the rows before it got. Where `by`
    adds up to zero the rows share alike. Both are amounts >= 0 with two decimals, as the result.
    """
    weight = pl.when(_cents(by).sum().over(over) > 0).then(_cents(by)).otherwise(1)
    total = weight.sum().over(over)
    upto = weight.cum_sum().over(over, order_by=order_by)
    cents = _cents(amount)
    return _amount(cents * upto // total - cents * (upto - weight) // total)


def _cents(amount: pl.Expr) -> pl.Expr:
    # 128 bits: a product of two amounts must not overflow.
    return (amount * 100).cast(pl.Int128)


def _amount(cents: pl.Expr) -> pl.Expr:
    return (cents.cast(pl.Decimal(38, 2)) / 100).cast(REAIS)
