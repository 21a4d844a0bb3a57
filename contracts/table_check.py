"""Checks of derived tables against their contracts. A failure is a bug, never bad data."""

from collections.abc import Mapping, Sequence

import polars as pl
from pandera.errors import SchemaError

from contracts.contract import Contract
from contracts.rules import rejecting_rules

EXAMPLES = 5


class ContractBrokenError(Exception):
    """A derived table breaks its contract. The message has the rules, row counts and some keys."""


def check_table(
    rows: pl.DataFrame, contract: type[Contract], referenced: Mapping[str, pl.LazyFrame]
) -> None:
    """Check columns, types, rules, unique keys and foreign keys of a derived table.

    Args:
        rows: the rows of the table.
        contract: the table's contract.
        referenced: by foreign key column, the rows of the referenced table.

    Raises:
        ContractBrokenError: a rule is broken. The message has each, its row count and five keys.
    """
    spec = contract.spec()
    check_columns(rows.lazy(), contract)
    broken = {
        **_broken_rules(rows, contract),
        unique_rule(contract): _repeated(rows, spec.key),
        **{
            reference_rule(contract, column): _dangling(
                rows, column, parent, contract.references()[column].spec().key
            )
            for column, parent in referenced.items()
        },
    }
    if reports := [_report(rule, bad, spec.key) for rule, bad in broken.items() if len(bad)]:
        message = (
            f"{spec.table} breaks its contract: {'; '.join(reports)}. Nothing was written. "
            f"Its inputs are valid, so correct the function of the table."
        )
        raise ContractBrokenError(message)


def unique_rule(contract: type[Contract]) -> str:
    """Return the name of the rule for the uniqueness of the key."""
    return f"{'_and_'.join(contract.spec().key)}_is_unique"


def reference_rule(contract: type[Contract], column: str) -> str:
    """Return the name of the rule for a foreign key."""
    return f"{column}_is_in_{contract.references()[column].spec().table}"


def check_columns(rows: pl.LazyFrame, contract: type[Contract]) -> None:
    """Check the columns and types of a frame without computing it.

    Raises:
        ContractBrokenError: a column is missing, unknown or of another type.
    """
    try:
        contract.validate(rows)  # Pandera checks only the schema of a LazyFrame
    except SchemaError as error:
        reason = str(error).partition("\n")[0]
        table = contract.spec().table
        message = (
            f"{table} has other columns than its contract: {reason}. "
            f"Correct the function of the table; add a cast if the type differs."
        )
        raise ContractBrokenError(message) from error


def _broken_rules(rows: pl.DataFrame, contract: type[Contract]) -> dict[str, pl.DataFrame]:
    rules = {rule.name: rule.expr for rule in rejecting_rules(contract)}
    holds = rows.select(expr.all().alias(name) for name, expr in rules.items())
    return {name: rows.filter(~rules[name]) for name in rules if not holds[name].item()}


def _repeated(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    # Counting hashes is cheaper than finding duplicates. Distinct hashes prove distinct keys.
    if rows.select(pl.struct(key).hash()).to_series().n_unique() == len(rows):
        return rows.clear()
    return rows.filter(pl.struct(key).is_duplicated())


def _dangling(
    rows: pl.DataFrame, column: str, parent: pl.LazyFrame, key: Sequence[str]
) -> pl.DataFrame:
    known = parent.select(key).collect(engine="streaming")
    # A null refers to nothing. Another rule says whether it is allowed.
    return rows.drop_nulls(column).join(known, left_on=column, right_on=key[0], how="anti")


def _report(rule: str, bad: pl.DataFrame, key: Sequence[str]) -> str:
    examples = ["/".join(map(str, row)) for row in bad.select(key).head(EXAMPLES).iter_rows()]
    return f"{rule} (rows: {len(bad)}, such as {', '.join(examples)})"
