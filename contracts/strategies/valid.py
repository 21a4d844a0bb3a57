"""Frames that keep every rule of a contract."""

import sys
from collections.abc import Mapping
from functools import cache

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from contracts.contract import Bronze, Contract
from contracts.rules import Rule, rejecting_rules
from contracts.strategies.mutations import mutate
from contracts.strategies.raw_text import representable, to_raw_text
from contracts.strategies.values import Values, values

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
    """Draw a frame that keeps every rule of a contract, and has a unique key.

    Rows may break warnings. With `source`, draw the raw records of that bronze contract instead,
    from which such rows are parsed.
    """
    rows = draw_valid(draw, contract, min_size, max_size)
    if source is None:
        return rows
    records = representable_rows(rows, contract)
    assume(len(records) >= min_size)
    return draw(draw_raw_text(records, contract, source))


def draw_valid(
    draw: st.DrawFn,
    contract: type[Contract],
    min_size: int,
    max_size: int,
    among: Mapping[str, list[object]] | None = None,
) -> pl.DataFrame:
    """Draw rows that keep a contract; the columns in `among` take their values from a list.

    Each column is drawn by itself first. A row that then breaks a rule is changed in the columns
    that the rule reads, or dropped if that does not help.

    Raises:
        TypeError: a rule depends on more than the row that it checks.
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
            raise not_row_wise(contract, enforced(contract)[broken - 1].name)
        before = broken
        wanted = [rule.expr for rule in enforced(contract)[:broken]]
        looked_at = {*wanted[-1].meta.root_names()} - {*among}
        found = mutate(draw, rows, contract, looked_at, pl.all_horizontal(wanted))
        # A test passes on an empty frame, whatever it asserts.
        assume(len(found) or rows.is_empty())
        rows = found
    rows = rows.unique(key, keep="first", maintain_order=True) if key else rows
    assume(len(rows) >= min_size)
    return rows


def not_row_wise(contract: type[Contract], rule: str) -> TypeError:
    """Return the error that a rule depends on more than the row that it checks."""
    return TypeError(
        f"{contract.__name__}: {rule} has another result for a row alone than among other rows; "
        f"write it so that it depends on one row only"
    )


def representable_rows(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return rows as raw text can represent them, without those that then break the contract."""
    return rows.select(representable(contract)).filter(_all_kept(contract))


@st.composite
def draw_raw_text(
    draw: st.DrawFn, rows: pl.DataFrame, contract: type[Contract], source: type[Bronze]
) -> pl.DataFrame:
    """Draw one of the ways in which a source may write the rows as raw text."""
    blank = draw(st.sampled_from([None, ""]))
    pad = draw(st.sampled_from(["", " ", "\t", "\r\n"]))
    return to_raw_text(rows, contract, source, blank=blank, pad=pad)


@cache
def enforced(contract: type[Contract]) -> tuple[Rule, ...]:
    """Return the rules that reject rows; cached, because every example of a test asks."""
    return tuple(rejecting_rules(contract))


def _first_broken(rows: pl.DataFrame, contract: type[Contract]) -> int:
    """Return the position, from 1, of the first rule that a row breaks; 0 if there is none."""
    checks = [rule.expr.all().alias(rule.name) for rule in enforced(contract)]
    kept = rows.select(checks).row(0) if checks else ()
    return kept.index(False) + 1 if False in kept else 0


def _all_kept(contract: type[Contract]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(value=True), *(rule.expr for rule in enforced(contract)))


def _number(contract: type[Contract], name: str) -> int:
    """Return the number of values of a closed set, or a huge number for any other column."""
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
