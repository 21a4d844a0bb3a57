"""The constants in a Polars expression."""

from collections.abc import Iterator

import polars as pl


def literals(expression: pl.Expr) -> Iterator[pl.Series]:
    """Yield the constants of an expression, each as a series: a closed set is one of lists."""
    parts = expression.meta.pop()
    for part in parts:
        yield from literals(part)
    if not parts and expression.meta.is_literal():
        yield pl.select(expression).to_series()
