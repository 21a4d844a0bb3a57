"""Comparison of the sums of a table with those of its inputs."""

from decimal import Decimal

import polars as pl
import pytest
from polars import col
from polars.testing import assert_frame_equal

from contracts.contract import Gold, Money, column
from contracts.reconcile import reconcile
from contracts.table_check import ContractBrokenError
from transforms.graph import Table, tables

# In gold.mart_order_stages an order counts once for each state of its sellers.
MARTS = [
    table
    for name, table in tables().items()
    if name.startswith("gold.mart_") and name != "gold.mart_order_stages"
]


class Takings(Gold, key=("sale_id",)):
    """One row per sale."""

    sale_id: int = column()
    price: Money = column()


class Till(Gold, key=("day",)):
    """One row per day."""

    day: int = column()
    sales: int = column(sums=(Takings, col("sale_id").is_not_null()))
    dear: Money = column(sums=(Takings, col("price").filter(col("price") > 1)))
    note: str = column(nullable=True)


def till(sales: int, dear: str) -> pl.LazyFrame:
    days = {"day": [1, 2], "sales": [sales, 1], "dear": [Decimal(dear), Decimal("3.00")]}
    return pl.LazyFrame(days, schema_overrides={"dear": pl.Decimal(18, 2)})


TAKINGS = pl.LazyFrame(
    {"sale_id": [1, 2, 3], "price": [Decimal("0.10"), Decimal("2.50"), Decimal("3.00")]}
)


def test_equal_sums_pass() -> None:
    rows = till(2, "2.50")
    assert_frame_equal(reconcile(rows, Till, {Takings: TAKINGS}), rows.collect())


def test_the_message_has_both_sums() -> None:
    with pytest.raises(ContractBrokenError) as caught:
        reconcile(till(3, "2.49"), Till, {Takings: TAKINGS})
    message = str(caught.value)
    assert message.startswith("gold.till does not add up: ")
    assert "the sum of sales is 4, but 3 in gold.takings; " in message
    assert "the sum of dear is 5.49, but 5.50 in gold.takings. Nothing was written." in message


def test_empty_tables_pass() -> None:
    reconcile(till(2, "2.50").clear(), Till, {Takings: TAKINGS.clear()})


@pytest.mark.parametrize("mart", MARTS, ids=lambda table: table.name)
def test_every_mart_declares_a_sum_over_an_input(mart: Table) -> None:
    assert mart.contract.sums(), "say in column(sums=…) what a column adds up to in which input"
    assert {of for of, _ in mart.contract.sums().values()} <= {*mart.inputs.values()}
