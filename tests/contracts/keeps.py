"""A rule, asked about one row."""

import polars as pl

from contracts.contract import Contract
from contracts.rules import rules


def keeps(contract: type[Contract], name: str, **values: object) -> bool:
    """Tell whether a row with these values keeps a rule of a contract; the others are null."""
    (asked,) = (rule for rule in rules(contract) if rule.name == name)
    kept: bool = (
        pl.LazyFrame([values], schema=contract.fields()).select(asked.expr).collect().item()
    )
    return kept


def known(contract: type[Contract], column: str, values: str) -> list[str]:
    """Return those of the words that a column of a closed set may hold."""
    return [v for v in values.split() if keeps(contract, f"{column}_is_known", **{column: v})]


def may_be_absent(contract: type[Contract]) -> set[str]:
    """Return the columns that need no value."""
    needed = {rule.name for rule in rules(contract)}
    return {column for column in contract.fields() if f"{column}_is_present" not in needed}
