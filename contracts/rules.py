"""A contract's rules as expressions, so that one pass over a frame can evaluate them all.

The contracts stay plain Pandera. Every Polars check of Pandera is `data.lazyframe.select(<one
expression>)`; handed something whose `select` gives the expression back, it says what it would
have asked of a frame.
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
"""Prefix of the source columns where they stand beside the typed ones."""


@dataclass(frozen=True)
class Rule:
    """A named predicate over the rows of a table."""

    name: str
    expr: pl.Expr
    warning: bool = False
    words: str = ""
    """What it asks, for people."""


def rules(contract: type[Contract], *, typed_from_raw: bool = False) -> list[Rule]:
    """Return what every row of a table must keep: column by column, then row by row.

    With `typed_from_raw` the frame also has the columns that the typed ones were parsed from,
    prefixed by `RAW`, and a value lost on the way breaks the rule `<column>_is_a_number` or
    `<column>_is_a_timestamp` (instead of `<column>_is_present`).
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
    """Return the rules that reject rows, without those that only warn; as `rules`."""
    return [rule for rule in rules(contract, typed_from_raw=typed_from_raw) if not rule.warning]


def rule_name(column: str, check: Check) -> str:
    """Return what a check of a column is called as a rule."""
    words = _WORDS.get(str(check.name), str(check.name))
    return f"{column}_{words.format(**check.statistics or {})}"


def _column_rules(name: str, declared: pa.Column, raw_name: str | None) -> Iterator[Rule]:
    present = pl.col(name).is_not_null()
    if declared.dtype.type.is_float():
        present &= pl.col(name).is_not_nan()
    if raw_name and (kind := _kind(declared.dtype.type)):
        raw = pl.col(RAW + raw_name)
        given = raw.is_not_null() & (raw != "")
        yield _rule(name, f"{name}_is_{kind}", present | ~given)
        present |= given
    if not declared.nullable:
        yield _rule(name, f"{name}_is_present", present)
    for check in declared.checks:
        yield _rule(name, rule_name(name, check), _predicate(check, name), _unsaid(check))


def _rule(column: str, name: str, expr: pl.Expr, unsaid: str = "") -> Rule:
    asked = name.removeprefix(f"{column}_").replace("_", " ")
    return Rule(name, expr, words=f"`{column}` {asked}{unsaid}.")


def _unsaid(check: Check) -> str:
    """Say what a rule's name leaves out: a pattern, a closed set."""
    name = _WORDS.get(str(check.name), "")
    left = {k: v for k, v in (check.statistics or {}).items() if f"{{{k}}}" not in name}
    said = ", ".join(part for key, value in left.items() for part in _parts(key, value))
    return said and f": {said}"


def _parts(key: str, value: Any) -> list[str]:
    if value is None or value is True:  # the ends of a range belong to it, if nothing else is said
        return []
    if value is False:
        return [_LIMITS.get(key, key)]
    if isinstance(value, list | tuple):
        return [f"`{each}`" for each in value]
    return [f"{_LIMITS.get(key, '')}`{value}`"]


_LIMITS = {
    "min_value": "at least ",
    "max_value": "at most ",
    "include_min": "without the first",
    "include_max": "without the last",
    "ahead": "ahead of the clock by at most ",
}


_WORDS = {
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
"""Pandera's names for its checks, said as predicates."""


def _kind(dtype: pl.DataType) -> str | None:
    if dtype.is_numeric():
        return "a_number"
    return "a_timestamp" if dtype.is_temporal() else None


def _predicate(check: Check, name: str = "*") -> pl.Expr:
    ask, options = check._check_fn, check._check_kwargs  # noqa: SLF001 - Pandera shows them nowhere
    asked = ask(PolarsData(cast("pl.LazyFrame", _Echo()), name), **options)
    return cast("pl.Expr", asked).fill_null(value=True)


class _Echo:
    def select(self, asked: pl.Expr) -> pl.Expr:
        return asked
