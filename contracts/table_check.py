"""Whether a derived table keeps its contract; that it does not is a bug, never bad data."""

from collections.abc import Mapping, Sequence

import polars as pl
from pandera.errors import SchemaError

from contracts.contract import Contract
from contracts.rules import rejecting_rules

EXAMPLES = 5


class ContractBrokenError(Exception):
    """A derived table breaks its contract; says table, rules, counts and a few keys."""


def check_table(
    made: pl.DataFrame, contract: type[Contract], referenced: Mapping[str, pl.LazyFrame]
) -> None:
    """Check columns, types, rules, unique keys and foreign keys of a derived table.

    Args:
        made: the table's rows.
        contract: what they spec.
        referenced: by foreign key column, the table that it refers to.

    Raises:
        ContractBrokenError: with every broken rule, its count and up to five keys.
    """
    spec = contract.spec()
    check_columns(made.lazy(), contract)
    broken = {
        **_broken_rules(made, contract),
        unique_rule(contract): _repeated(made, spec.key),
        **{
            reference_rule(contract, column): _dangling(
                made, column, parent, contract.references()[column].spec().key
            )
            for column, parent in referenced.items()
        },
    }
    if reports := [_report(rule, bad, spec.key) for rule, bad in broken.items() if len(bad)]:
        message = (
            f"{spec.table} breaks its contract: {'; '.join(reports)}. Nothing was written. "
            f"Bad data is sorted out before it gets here: look for the bug in its function."
        )
        raise ContractBrokenError(message)


def unique_rule(contract: type[Contract]) -> str:
    """Return the name of the rule that a table's key is unique."""
    return f"{'_and_'.join(contract.spec().key)}_is_unique"


def reference_rule(contract: type[Contract], column: str) -> str:
    """Return the name of the rule that a foreign key is known to the table that it refers to."""
    return f"{column}_is_in_{contract.references()[column].spec().table}"


def check_columns(made: pl.LazyFrame, contract: type[Contract]) -> None:
    """Check the columns and types of a frame, without computing it.

    Raises:
        ContractBrokenError: with the first column that is not as promised.
    """
    try:
        contract.validate(made)  # of a LazyFrame, Pandera looks at the schema only
    except SchemaError as error:
        reason = str(error).partition("\n")[0]
        table = contract.spec().table
        message = (
            f"{table} has not the columns that its contract promises: {reason}. "
            f"Mend its function; where it is the type, with a cast"
        )
        raise ContractBrokenError(message) from error


def _broken_rules(made: pl.DataFrame, contract: type[Contract]) -> dict[str, pl.DataFrame]:
    kept = {rule.name: rule.expr for rule in rejecting_rules(contract)}
    every = made.select(keeps.all().alias(name) for name, keeps in kept.items())
    return {name: made.filter(~kept[name]) for name in kept if not every[name].item()}


def _repeated(made: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    # To count hashes is cheap, and where none is repeated no key is.
    if made.select(pl.struct(key).hash()).to_series().n_unique() == len(made):
        return made.clear()
    return made.filter(pl.struct(key).is_duplicated())


def _dangling(
    made: pl.DataFrame, column: str, parent: pl.LazyFrame, key: Sequence[str]
) -> pl.DataFrame:
    known = parent.select(key).collect(engine="streaming")
    # A null refers to nothing; whether it may be there is a rule of its own.
    return made.drop_nulls(column).join(known, left_on=column, right_on=key[0], how="anti")


def _report(rule: str, bad: pl.DataFrame, key: Sequence[str]) -> str:
    examples = ["/".join(map(str, row)) for row in bad.select(key).head(EXAMPLES).iter_rows()]
    return f"{rule} (rows: {len(bad)}, such as {', '.join(examples)})"
