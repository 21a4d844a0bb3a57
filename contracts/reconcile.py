"""Whether a table adds up to what it is made of; that it does not is a bug, never bad data."""

from collections.abc import Mapping

import polars as pl

from contracts.check import ContractBrokenError
from contracts.contract import Contract


def reconcile(
    made: pl.DataFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> None:
    """Compare each column that `sums` something with that sum of the input.

    Args:
        made: the table's rows, or those of some scopes.
        contract: what they promise.
        inputs: by contract, the rows that they are made of.

    Raises:
        ContractBrokenError: with every column that adds up to something else, and both sums.
    """
    sums = contract.sums()
    if not sums:
        return
    expected = pl.concat(
        [
            inputs[read].select(
                expression.sum().alias(column)
                for column, (of, expression) in sums.items()
                if of is read
            )
            for read in dict.fromkeys(of for of, _ in sums.values())
        ],
        how="horizontal",
    ).collect(engine="streaming")
    have, due = made.select(pl.col(sums).sum()).row(0, named=True), expected.row(0, named=True)
    if astray := [
        f"{column} adds up to {have[column]}, but in {of.promise().table} to {due[column]}"
        for column, (of, _) in sums.items()
        if have[column] != due[column]
    ]:
        message = (
            f"{contract.promise().table} does not reconcile: {'; '.join(astray)}. Nothing was "
            f"written. Look for the bug in its function: rows lost or doubled by a join, say."
        )
        raise ContractBrokenError(message)
