"""Rules as expressions reject the same rows as Pandera."""

import re
from datetime import date, datetime
from decimal import Decimal
from math import nan
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from contracts.contract import Contract
from contracts.rules import rules
from transforms.graph import tables

at = datetime.fromisoformat

DERIVED = [table.contract for table in tables().values()]

# For every rule of every contract, these hold a value that keeps it and one that breaks it.
IDS = ["a" * 32, "A" * 32, "01310", "1310", "2017-11"]
TEXTS = [None, "", "SP", "sp", "delivered", "boleto", "product_category_name", *IDS]
NUMBERS = [None, -1, 0, 1, 3, 5, 6, 13, 32, 40_000]
AMOUNTS = [None, Decimal("-0.01"), Decimal(0), Decimal("1.23")]
DEGREES = [None, nan, 0.0, -23.5, -46.6, 80.0]
MOMENTS = [
    None,
    at("1970-01-01"),
    at("2015-12-31 23:59:59"),
    at("2017-11-24"),
    at("2017-11-24 10:00"),
    at("2017-11-25"),
    at("2999-01-01"),
]


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


def pool(dtype: pl.DataType) -> pl.Series:
    """Return values of a type, some of which break most rules."""
    values: dict[type[pl.DataType], list[Any]] = {
        pl.String: TEXTS,
        pl.Int64: NUMBERS,
        pl.Decimal: AMOUNTS,
        pl.Float64: DEGREES,
        pl.Datetime: MOMENTS,
        pl.Boolean: [None, True, False],
        pl.Date: [None, date(2016, 2, 29)],
    }
    return pl.Series(values[dtype.base_type()], dtype=dtype)


def mixture(contract: type[Contract]) -> pl.DataFrame:
    """Return rows that keep and break the rules of a contract in many combinations."""
    return pl.DataFrame(
        pool(dtype).sample(2_000, with_replacement=True, seed=seed).alias(name)
        for seed, (name, dtype) in enumerate(contract.fields().items())
    )


def broken_by_rules(contract: type[Contract], rows: pl.DataFrame) -> set[tuple[str, int]]:
    broken = rows.select(
        (~rule.expr).arg_true().implode().alias(rule.name)
        for rule in rules(contract)
        if not rule.warning
    )
    return {(name, row) for name in broken.columns for row in broken[name].item()}


def broken_by_pandera(contract: type[Contract], rows: pl.DataFrame) -> set[tuple[str, int]]:
    try:
        contract.validate(rows, lazy=True)
    except SchemaErrors as errors:
        found = errors.failure_cases.select("schema_context", "column", "check", "index")
        return {
            (said(check, of=column if context == "Column" else None), row)
            for context, column, check, row in found.iter_rows()
        }
    return set()


def said(check: str, *, of: str | None) -> str:
    """Return the name that a rule gets for one of Pandera's checks."""
    words = {
        r"not_nullable": "is_present",
        r"str_matches\(.*\)": "is_well_formed",
        r"isin\(.*\)": "is_known",
        r"greater_than_or_equal_to\((\d+)\)": r"is_at_least_\1",
        r"in_range\((-?\d+), (-?\d+)\)": r"is_between_\1_and_\2",
        r"(is_\w+)": r"\1",
    }
    if of is None:
        return check
    (match,) = (re.sub(f"^{p}$", w, check) for p, w in words.items() if re.match(f"^{p}$", check))
    return f"{of}_{match}"


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
@pytest.mark.filterwarnings("ignore::pandera.errors.SchemaWarning")
def test_rules_reject_the_same_rows_as_pandera(contract: type[Contract]) -> None:
    rows = mixture(contract)
    assert broken_by_rules(contract, rows) == broken_by_pandera(contract, rows)


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_every_rule_can_be_kept_and_broken(contract: type[Contract]) -> None:
    kept = mixture(contract).select(rule.expr.mean().alias(rule.name) for rule in rules(contract))
    assert {name: share for name, share in kept.row(0, named=True).items() if share in {0, 1}} == {}


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_null_breaks_only_presence(contract: type[Contract]) -> None:
    nothing = pl.DataFrame({name: [None] for name in contract.fields()}, schema=contract.fields())
    required = [n for n, declared in contract.to_schema().columns.items() if not declared.nullable]
    assert broken_by_rules(contract, nothing) == {(f"{name}_is_present", 0) for name in required}
