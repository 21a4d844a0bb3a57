"""Values that may break a rule or keep it: close to a row's values and to the limits of rules."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import permutations
from typing import Any

import polars as pl

from contracts.contract import Contract
from contracts.rules import literals, rules
from contracts.strategies.values import edge_cases


@cache
def candidates(
    contract: type[Contract], column: str, beside: frozenset[str]
) -> tuple[pl.Expr, ...]:
    """Return other values for a column of a row, as expressions over the row.

    They are: the values of the columns `beside` it that have its type, one unit more or less, their
    sums and differences; the limits in the contract's rules, one unit more or less; edge cases of
    the type; null.
    """
    dtype = contract.fields()[column]
    alike = sorted(name for name in {column, *beside} if contract.fields()[name] == dtype)
    found = [*(pl.col(name) for name in alike), *_around([pl.col(n) for n in alike], dtype)]
    if dtype.is_numeric():
        for one, other in permutations(map(pl.col, alike), 2):
            found += [one + other, one - other]
    limits = [pl.lit(value, dtype) for value in _limits(contract, column, dtype)]
    rest = [pl.lit(value, dtype) for value in (*edge_cases(dtype), None)]
    every = [*found, *limits, *_around(limits, dtype), *rest]
    return tuple(_fitting(value, dtype).alias(column) for value in every)


def _fitting(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    fits = value.cast(dtype, strict=False)
    if not dtype.is_temporal():
        return fits
    # Hypothesis prints values as Python objects, which have no other years.
    return pl.when(fits.dt.year().is_between(1, 9999)).then(fits)


def _around(values: Iterable[pl.Expr], dtype: pl.DataType) -> Iterator[pl.Expr]:
    for value in values:
        if dtype == pl.String:
            yield from (value.str.to_uppercase(), value.str.head(-1), value + "\n", value + "x")
        else:
            for unit in _units(dtype):
                yield from (value - unit, value + unit)


def _units(dtype: pl.DataType) -> list[Any]:
    if isinstance(dtype, pl.Decimal):
        return [pl.lit(Decimal(1).scaleb(-dtype.scale))]
    if dtype.is_numeric():
        return [1]
    if isinstance(dtype, pl.Datetime):
        return [timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=1)]
    return [timedelta(days=1)] if dtype == pl.Date else []


def _limits(contract: type[Contract], column: str, dtype: pl.DataType) -> list[Any]:
    """Return the constants in a column's rules that have its type, and for floats midpoints."""
    found = [
        value
        for rule in rules(contract)
        if column in rule.expr.meta.root_names()
        for literal in literals(rule.expr)
        for value in _values(literal, dtype)
    ]
    distinct = list(dict.fromkeys(found))
    middle = [(a + b) / 2 for a, b in permutations(distinct, 2)] if dtype.is_float() else []
    return distinct + middle


def _values(series: pl.Series, dtype: pl.DataType) -> list[Any]:
    while isinstance(series.dtype, pl.List):
        series = series.explode()
    same = series.dtype == dtype or (series.dtype.is_numeric() and dtype.is_numeric())
    return series.to_list() if same else []
