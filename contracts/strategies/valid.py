"""Frames that keep a contract."""

import sys
from collections.abc import Mapping
from functools import cache

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from contracts.contract import Bronze, Contract
from contracts.rules import Rule, rejecting_rules
from contracts.strategies.moved import moved
from contracts.strategies.values import Values, values
from contracts.strategies.written import sayable, written

MAX_SIZE = 5


@st.composite
def valid(
    draw: st.DrawFn,
    contract: type[Contract],
    *,
    min_size: int = 0,
    max_size: int = MAX_SIZE,
    source: type[Bronze] | None = None,
) -> pl.DataFrame:
    """Draw a frame that keeps every rule of a contract, its unique key among them.

    What only warns is kept or not, as it comes. With `source` the frame has the raw records of that
    bronze contract, from which such rows are parsed.
    """
    rows = keeping(draw, contract, min_size, max_size)
    if source is None:
        return rows
    records = said(rows, contract)
    assume(len(records) >= min_size)
    return draw(spelled(records, contract, source))


def keeping(
    draw: st.DrawFn,
    contract: type[Contract],
    min_size: int,
    max_size: int,
    among: Mapping[str, list[object]] | None = None,
) -> pl.DataFrame:
    """Draw rows that keep a contract; some columns have only values from a list.

    First each column for itself; a row that then breaks a rule is changed where the rule looks, or
    goes.

    Raises:
        TypeError: a rule looks at more than the row that it judges.
    """
    among = among or {}
    key = contract.spec().key
    most = _number(contract, *key) if len(key) == 1 else max_size
    min_size, max_size = min(min_size, most), min(max_size, most)
    columns = [
        column(name, dtype, _values(contract, name, among), unique=key == (name,))
        for name, dtype in contract.fields().items()
    ]
    rows = draw(dataframes(columns, min_size=min_size, max_size=max_size))
    before = 0
    while broken := _first_broken(rows, contract):
        if broken <= before:
            raise looks_further(contract, enforced(contract)[broken - 1].name)
        before = broken
        wanted = [rule.expr for rule in enforced(contract)[:broken]]
        looked_at = {*wanted[-1].meta.root_names()} - {*among}
        found = moved(draw, rows, contract, looked_at, pl.all_horizontal(wanted))
        # Frames that are always empty would prove whatever is asked of them.
        assume(len(found) or rows.is_empty())
        rows = found
    rows = rows.unique(key, keep="first", maintain_order=True) if key else rows
    assume(len(rows) >= min_size)
    return rows


def looks_further(contract: type[Contract], rule: str) -> TypeError:
    """Return the error that a rule looks at more than the row that it judges."""
    return TypeError(
        f"{contract.__name__}: {rule} says one thing of a row alone, and another of it among "
        f"others: a rule looks at one row alone"
    )


def said(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return the rows as a source can say them, less those that thereby break the contract."""
    return rows.select(sayable(contract)).filter(_all_kept(contract))


@st.composite
def spelled(
    draw: st.DrawFn, rows: pl.DataFrame, contract: type[Contract], source: type[Bronze]
) -> pl.DataFrame:
    """Draw one of the ways in which a source may write some rows."""
    blank = draw(st.sampled_from([None, ""]))
    pad = draw(st.sampled_from(["", " ", "\t", "\r\n"]))
    return written(rows, contract, source, blank=blank, pad=pad)


@cache
def enforced(contract: type[Contract]) -> tuple[Rule, ...]:
    """Return the rules that reject rows, once for all examples of a test."""
    return tuple(rejecting_rules(contract))


def _first_broken(rows: pl.DataFrame, contract: type[Contract]) -> int:
    """Return which of the rules (from 1) is the first that a row breaks; 0 when none does."""
    asked = [rule.expr.all().alias(rule.name) for rule in enforced(contract)]
    kept = rows.select(asked).row(0) if asked else ()
    return kept.index(False) + 1 if False in kept else 0


def _all_kept(contract: type[Contract]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(value=True), *(rule.expr for rule in enforced(contract)))


def _number(contract: type[Contract], name: str) -> int:
    """Return how many values a closed set has; for all else, more than anybody wants."""
    checks = contract.to_schema().columns[name].checks
    sets = (check.statistics or {} for check in checks if check.name == "isin")
    return min((len(given["allowed_values"]) for given in sets), default=sys.maxsize)


def _values(contract: type[Contract], name: str, among: Mapping[str, list[object]]) -> Values:
    if name not in among:
        return _own_values(contract, name)
    nulls = st.none() if contract.to_schema().columns[name].nullable else st.nothing()
    return (st.sampled_from(among[name]) if among[name] else st.nothing()) | nulls


@cache
def _own_values(contract: type[Contract], name: str) -> Values:
    declared = contract.to_schema().columns[name]
    return values(declared) | st.none() if declared.nullable else values(declared)
