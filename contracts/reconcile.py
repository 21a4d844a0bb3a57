"""Whether a table adds up to what it is made of; that it does not is a bug, never bad data."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from contracts.contract import Contract
from contracts.table_check import ContractBrokenError


class ColumnTotals(NamedTuple):
    """A column beside what it must add up to."""

    table: str
    column: str
    input_table: str
    """The table that the other sum is of."""
    actual: int | Decimal
    expected: int | Decimal

    @property
    def differs(self) -> bool:
        """Tell whether the two differ."""
        return self.actual != self.expected


def reconcile(
    made: pl.DataFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> None:
    """Compare each column that `sums` something with that sum of the input.

    Args:
        made: the table's rows, or those of some incremental keys.
        contract: what they spec.
        inputs: by contract, the rows that they are made of.

    Raises:
        ContractBrokenError: with every column that adds up to something else, and both sums.
    """
    if astray := [each for each in column_totals(made.lazy(), contract, inputs) if each.differs]:
        told = "; ".join(
            f"{each.column} adds up to {each.actual}, but in {each.input_table} to {each.expected}"
            for each in astray
        )
        message = (
            f"{contract.spec().table} does not reconcile: {told}. Nothing was "
            f"written. Look for the bug in its function: rows lost or doubled by a join, say."
        )
        raise ContractBrokenError(message)


def column_totals(
    made: pl.LazyFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> list[ColumnTotals]:
    """Return each column that `sums` something beside that sum; parameters as for `reconcile`."""
    sums = contract.sums()
    if not sums:
        return []
    (have,), *others = (
        frame.rows(named=True)
        for frame in pl.collect_all(
            [
                made.select(pl.col(*sums).sum()),
                *(
                    inputs[read].select(
                        what.sum().alias(column)
                        for column, (of, what) in sums.items()
                        if of is read
                    )
                    for read in dict.fromkeys(of for of, _ in sums.values())
                ),
            ],
            engine="streaming",
        )
    )
    due = {column: amount for (row,) in others for column, amount in row.items()}
    return [
        ColumnTotals(contract.spec().table, column, of.spec().table, have[column], due[column])
        for column, (of, _) in sums.items()
    ]
