"""Evaluation of one rule on one row."""

import polars as pl

from contracts.contract import Contract
from contracts.rules import rules


def holds(contract: type[Contract], name: str, **values: object) -> bool:
    """Return whether a row with these values, and null in other columns, keeps a rule."""
    (rule,) = (each for each in rules(contract) if each.name == name)
    row = pl.LazyFrame([values], schema=contract.fields())
    return bool(row.select(rule.expr).collect().item())
