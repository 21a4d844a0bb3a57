"""Shares and averages that are null if the denominator is zero."""

import polars as pl

from contracts.domain import REAIS

Amount = pl.Expr | str
"""An expression, or the name of a column."""


def share(part: Amount, whole: Amount) -> pl.Expr:
    """Return a part of a whole as a fraction, or null if the whole is zero.

    The result is the same to the last bit in every run.
    """
    parts = _of(part).cast(pl.Float64)
    # Polars divides a chunk by a scalar as a product with the reciprocal, except in a chunk of one
    # row, and the chunks depend on the threads. So the divisor is made as long as the parts.
    wholes = _of(whole).cast(pl.Float64) + 0 * parts
    return parts / _or_null(wholes)


def average(amount: Amount, count: Amount) -> pl.Expr:
    """Return an amount per piece in BRL, half a cent rounded up, or null if there are no pieces."""
    cents = (_of(amount) * 100).cast(pl.Int128)
    pieces = _or_null(_of(count)).cast(pl.Int128)
    rounded = (2 * cents + pieces) // (2 * pieces)
    return (rounded.cast(pl.Decimal(38, 2)) / 100).cast(REAIS)


def _of(amount: Amount) -> pl.Expr:
    return pl.col(amount) if isinstance(amount, str) else amount


def _or_null(whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(whole)
