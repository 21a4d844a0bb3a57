"""Shares and averages that are null where there is nothing to share or to count."""

import polars as pl

from contracts.domain import REAIS

Amount = pl.Expr | str
"""An expression, or the name of a column."""


def share(part: Amount, whole: Amount) -> pl.Expr:
    """Return a part of a whole as a fraction, the same to the last bit; null of a whole of zero."""
    parts = _of(part).cast(pl.Float64)
    # As long as the parts: by a single number Polars does not divide, it takes the parts times the
    # reciprocal, unless there is but one of them; how many come at once depends on the threads.
    wholes = _of(whole).cast(pl.Float64) + 0 * parts
    return parts / _or_null(wholes)


def average(amount: Amount, count: Amount) -> pl.Expr:
    """Return an amount of money per piece, in reais, half a cent rounded up; null for none."""
    cents = (_of(amount) * 100).cast(pl.Int128)
    pieces = _or_null(_of(count)).cast(pl.Int128)
    rounded = (2 * cents + pieces) // (2 * pieces)
    return (rounded.cast(pl.Decimal(38, 2)) / 100).cast(REAIS)


def _of(amount: Amount) -> pl.Expr:
    return pl.col(amount) if isinstance(amount, str) else amount


def _or_null(whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(whole)
