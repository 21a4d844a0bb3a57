"""Rules as expressions reject the same rows as Pandera."""

import re

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from contracts.contract import Contract
from contracts.rules import rules
from tests.support.mixture import mixture
from transforms.graph import tables

DERIVED = [table.contract for table in tables().values()]


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


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
        r"greater_than\((\d+)\)": r"is_above_\1",
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
