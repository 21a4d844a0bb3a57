"""Comparison of a table's sums with those of its inputs. A difference is a bug, never bad data."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from contracts.contract import Contract
from contracts.table_check import ContractBrokenError


class ColumnTotals(NamedTuple):
    """The sum of a column and the sum that it must equal."""

    table: str
    column: str
    input_table: str
    """The table with the expected sum."""
    actual: int | Decimal
    expected: int | Decimal

    @property
    def differs(self) -> bool:
        """Whether the sums differ."""
        return self.actual != self.expected


def reconcile(
    rows: pl.DataFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> None:
    """Compare the sum of each column declared with `sums` with the sum over its input.

    Args:
        rows: the rows of the table, or those of some incremental keys.
        contract: the table's contract.
        inputs: by contract, the input rows from which the rows were computed.

    Raises:
        ContractBrokenError: sums differ. The message has each column and both sums.
    """
    if wrong := [each for each in column_totals(rows.lazy(), contract, inputs) if each.differs]:
        sums = "; ".join(
            f"the sum of {each.column} is {each.actual}, but {each.expected} in {each.input_table}"
            for each in wrong
        )
        message = (
            f"{contract.spec().table} does not add up: {sums}. Nothing was written. Correct the "
            f"function of the table; a join may lose or repeat rows."
        )
        raise ContractBrokenError(message)


def column_totals(
    rows: pl.LazyFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> list[ColumnTotals]:
    """Return the totals of each column declared with `sums`. Parameters as for `reconcile`."""
    sums = contract.sums()
    if not sums:
        return []
    (actual,), *others = (
        frame.rows(named=True)
        for frame in pl.collect_all(
            [
                rows.select(pl.col(*sums).sum()),
                *(
                    inputs[read].select(
                        amount.sum().alias(column)
                        for column, (source, amount) in sums.items()
                        if source is read
                    )
                    for read in dict.fromkeys(source for source, _ in sums.values())
                ),
            ],
            engine="streaming",
        )
    )
    expected = {column: total for (row,) in others for column, total in row.items()}
    return [
        ColumnTotals(
            contract.spec().table, column, source.spec().table, actual[column], expected[column]
        )
        for column, (source, _) in sums.items()
    ]
