"""The rules of a contract as Polars expressions, to evaluate all of them in one pass over a frame.

Contracts are plain Pandera models. Each Polars check of Pandera calls
`data.lazyframe.select(<expression>)`, so an object whose `select` returns its argument gets the
expression out of the check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pandera.polars as pa
import polars as pl
from pandera.api.checks import Check
from pandera.api.polars.types import PolarsData

from contracts.contract import Contract

RAW = "raw."
"""Prefix of the raw columns in a frame that also has the typed ones."""


@dataclass(frozen=True)
class Rule:
    """A named condition on the rows of a table."""

    name: str
    expr: pl.Expr
    warning: bool = False
    description: str = ""
    column: str = ""
    """The column that declares the rule, unless it is a rule of the whole row."""


def rules(contract: type[Contract], *, typed_from_raw: bool = False) -> list[Rule]:
    """Return the rules and warnings of a contract: those of columns, then those of whole rows.

    With `typed_from_raw` the frame must also have the raw columns, prefixed by `RAW`. A raw value
    that could not be parsed then breaks `<column>_is_a_number` or `<column>_is_a_timestamp` instead
    of `<column>_is_present`.
    """
    schema, raw = contract.to_schema(), contract.parsed_from() if typed_from_raw else {}
    found = [
        rule
        for name, declared in schema.columns.items()
        for rule in _column_rules(name, declared, raw.get(name))
    ]
    return found + [
        Rule(str(check.name), _predicate(check), bool(check.raise_warning), check.description or "")
        for check in schema.checks
    ]


def rejecting_rules(contract: type[Contract], *, typed_from_raw: bool = False) -> list[Rule]:
    """Return the rules of a contract without its warnings. Parameters as for `rules`."""
    return [rule for rule in rules(contract, typed_from_raw=typed_from_raw) if not rule.warning]


def rule_name(column: str, check: Check) -> str:
    """Return the rule name of a column's check, such as `price_is_at_least_0`."""
    predicate = _PREDICATES.get(str(check.name), str(check.name))
    return f"{column}_{predicate.format(**check.statistics or {})}"


def literals(expr: pl.Expr) -> Iterator[pl.Series]:
    """Yield the constants of an expression as series. A set of values is a series of lists."""
    parts = expr.meta.pop()
    for part in parts:
        yield from literals(part)
    if not parts and expr.meta.is_literal():
        yield pl.select(expr).to_series()


def _column_rules(name: str, declared: pa.Column, raw_name: str | None) -> Iterator[Rule]:
    present = pl.col(name).is_not_null()
    if declared.dtype.type.is_float():
        present &= pl.col(name).is_not_nan()
    if raw_name and (kind := _kind(declared.dtype.type)):
        raw = pl.col(RAW + raw_name)
        has_value = raw.is_not_null() & (raw != "")
        yield _rule(name, f"{name}_is_{kind}", present | ~has_value)
        present |= has_value
    if not declared.nullable:
        yield _rule(name, f"{name}_is_present", present)
    for check in declared.checks:
        yield _rule(name, rule_name(name, check), _predicate(check, name), _parameters(check))


def _rule(column: str, name: str, expr: pl.Expr, parameters: str = "") -> Rule:
    predicate = name.removeprefix(f"{column}_").replace("_", " ")
    return Rule(name, expr, description=f"`{column}` {predicate}{parameters}.", column=column)


def _parameters(check: Check) -> str:
    """Return the parameters that the rule's name does not have, such as a pattern."""
    name = _PREDICATES.get(str(check.name), "")
    others = {k: v for k, v in (check.statistics or {}).items() if f"{{{k}}}" not in name}
    texts = [text for key, value in others.items() for text in _parameter(key, value)]
    return f": {', '.join(texts)}" if texts else ""


def _parameter(key: str, value: Any) -> list[str]:
    if value is None or value is True:  # a range includes its ends by default
        return []
    if value is False:
        return [_PARAMETERS.get(key, key)]
    if isinstance(value, list | tuple):
        return [f"`{each}`" for each in value]
    return [f"{_PARAMETERS.get(key, '')}`{value}`"]


_PARAMETERS = {
    "min_value": "at least ",
    "max_value": "at most ",
    "include_min": "without the lower limit",
    "include_max": "without the upper limit",
    "ahead": "in the future by at most ",
}

_PREDICATES = {
    "str_matches": "is_well_formed",
    "str_contains": "contains_what_it_must",
    "str_startswith": "begins_well",
    "str_endswith": "ends_well",
    "str_length": "has_a_good_length",
    "isin": "is_known",
    "notin": "is_not_forbidden",
    "equal_to": "is_{value}",
    "not_equal_to": "is_not_{value}",
    "greater_than_or_equal_to": "is_at_least_{min_value}",
    "greater_than": "is_above_{min_value}",
    "less_than_or_equal_to": "is_at_most_{max_value}",
    "less_than": "is_below_{max_value}",
    "in_range": "is_between_{min_value}_and_{max_value}",
}
"""By Pandera's name of a check, its predicate in rule names."""


def _kind(dtype: pl.DataType) -> str | None:
    if dtype.is_numeric():
        return "a_number"
    return "a_timestamp" if dtype.is_temporal() else None


def _predicate(check: Check, name: str = "*") -> pl.Expr:
    function, options = check._check_fn, check._check_kwargs  # noqa: SLF001 - Pandera has no public way to a check's function
    expr = function(PolarsData(cast("pl.LazyFrame", _Echo()), name), **options)
    return cast("pl.Expr", expr).fill_null(value=True)


class _Echo:
    def select(self, expr: pl.Expr) -> pl.Expr:
        return expr
