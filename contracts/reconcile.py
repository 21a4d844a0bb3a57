"""Comparison of a table's sums with those of its inputs. A difference is a bug, never bad data."""

from collections.abc import Mapping, Sequence
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
    rows: pl.LazyFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> pl.DataFrame:
    """Compute rows, and compare the sum of each column declared with `sums` with its input's.

    Rows and sums are computed together, so that the inputs are read once.

    Args:
        rows: the rows of the table, or those of some incremental keys.
        contract: the table's contract.
        inputs: by contract, the input rows from which the rows are computed.

    Raises:
        ContractBrokenError: sums differ. The message has each column and both sums.
    """
    computed, *expected = pl.collect_all([rows, *_expected(contract, inputs)], engine="streaming")
    totals = _totals(
        contract, computed.select(pl.col(name).sum() for name in contract.sums()), expected
    )
    if wrong := [each for each in totals if each.differs]:
        sums = "; ".join(
            f"the sum of {each.column} is {each.actual}, but {each.expected} in {each.input_table}"
            for each in wrong
        )
        message = (
            f"{contract.spec().table} does not add up: {sums}. Nothing was written. Correct the "
            f"function of the table; a join may lose or repeat rows."
        )
        raise ContractBrokenError(message)
    return computed


def column_totals(
    rows: pl.LazyFrame, contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> list[ColumnTotals]:
    """Return the totals of each column declared with `sums`. Parameters as for `reconcile`."""
    actual = rows.select(pl.col(name).sum() for name in contract.sums())
    computed, *expected = pl.collect_all([actual, *_expected(contract, inputs)], engine="streaming")
    return _totals(contract, computed, expected)


def _expected(
    contract: type[Contract], inputs: Mapping[type[Contract], pl.LazyFrame]
) -> list[pl.LazyFrame]:
    """Return, for each input that is summed, its sums by column of the table."""
    sums = contract.sums()
    return [
        inputs[read].select(
            amount.sum().alias(column)
            for column, (source, amount) in sums.items()
            if source is read
        )
        for read in dict.fromkeys(source for source, _ in sums.values())
    ]


def _totals(
    contract: type[Contract], actual: pl.DataFrame, expected: Sequence[pl.DataFrame]
) -> list[ColumnTotals]:
    wanted = {column: sums[column].item() for sums in expected for column in sums.columns}
    return [
        ColumnTotals(
            contract.spec().table, column, read.spec().table, actual[column].item(), wanted[column]
        )
        for column, (read, _) in contract.sums().items()
    ]
