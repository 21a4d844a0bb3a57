"""Every table of the graph obeys the laws, and so does a new table."""

from collections.abc import Callable
from typing import Annotated

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars import LazyFrame, col
from polars.exceptions import ShapeError

from contracts import bronze
from contracts.contract import Gold, Money, Silver, column, rule
from contracts.domain import STATES
from contracts.silver.customers import Customers
from contracts.silver.order_items import OrderItems
from contracts.table_check import ContractBrokenError
from tests.support.examples import examples
from tests.support.laws import Law, laws
from transforms.graph import Table, tables
from transforms.parse import text


class Shops(Silver, key=("shop",)):
    """One row per shop."""

    shop: str = column(source="seller_id")
    state: str = column(source="seller_state", isin=STATES)
    city: str = column(source="seller_city", nullable=True)

    @rule
    def city_is_not_a_state(cls) -> pl.Expr:
        """The city is not a state."""
        return col("city") != col("state")


def shops(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Type each shop."""
    return raw.select(
        text("seller_id").alias("shop"),
        text("seller_state").alias("state"),
        text("seller_city").alias("city"),
    )


class People(Gold, key=("customer_unique_id",), incremental_key=("customer_unique_id",)):
    """One row per person."""

    customer_unique_id: str = column()
    accounts: int = column(ge=1)


def people(customers: Annotated[LazyFrame, Customers]) -> Annotated[LazyFrame, People]:
    """Count the accounts of each person."""
    return customers.group_by("customer_unique_id").agg(accounts=pl.len().cast(pl.Int64))


def guessed(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Replace invalid states by a guess."""
    state = (
        pl.when(text("seller_state").is_in(STATES))
        .then(text("seller_state"))
        .otherwise(pl.lit("SP"))
    )
    return shops(raw.with_columns(seller_state=state))


def southern(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Accept only the states of the south."""
    return shops(raw).with_columns(pl.when(col("state").is_in(["PR", "RS", "SC"])).then("state"))


def dropped(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Drop invalid records instead of leaving them to the validation."""
    return shops(raw).filter(col("state").is_in(STATES))


def placed(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Know a shop only with its city, which a delete may lack."""
    return shops(raw).with_columns(pl.when(col("city").is_not_null()).then("shop"))


def neighbours(raw: Annotated[LazyFrame, bronze.Sellers]) -> Annotated[LazyFrame, Shops]:
    """Give a shop the city of the previous one."""
    return shops(raw).with_columns(col("city").shift(1))


def shares(customers: Annotated[LazyFrame, Customers]) -> Annotated[LazyFrame, People]:
    """Count the accounts of all people, which is not local in the incremental key."""
    return people(customers).with_columns(col("accounts").sum())


def repeated(customers: Annotated[LazyFrame, Customers]) -> Annotated[LazyFrame, People]:
    """Forget to group."""
    return customers.select("customer_unique_id", accounts=pl.lit(1, pl.Int64))


def eager(customers: Annotated[LazyFrame, Customers]) -> Annotated[LazyFrame, People]:
    """Collect the rows."""
    return people(customers.collect().lazy())


class Takings(Gold, key=("order_id",), incremental_key=("order_id",)):
    """One row per order."""

    order_id: str = column()
    price: Money = column()


def takings(items: Annotated[LazyFrame, OrderItems]) -> Annotated[LazyFrame, Takings]:
    """Take the price of the most expensive item only."""
    return items.group_by("order_id").agg(col("price").max())


def small_change(items: Annotated[LazyFrame, OrderItems]) -> Annotated[LazyFrame, Takings]:
    """Drop the cheap orders."""
    return items.group_by("order_id").agg(col("price").sum()).filter(col("price") > 1)  # R$


WRONG = [
    (southern, "valid_records_are_accepted"),
    (guessed, "quarantine_names_the_broken_rule"),
    (dropped, "record_is_either_valid_or_invalid"),
    (neighbours, "record_is_either_valid_or_invalid"),
    (neighbours, "records_are_typed_independently"),
    (neighbours, "order_duplicates_and_batches_do_not_matter"),
    (placed, "delete_needs_only_its_key"),
    (shares, "function_is_local_in_its_incremental_key"),
    (repeated, "valid_inputs_give_valid_rows"),
    (eager, "function_is_lazy"),
    (takings, "amounts_are_conserved"),
    (small_change, "amounts_are_conserved"),
]

ADDED = tables(shops, people)
CASES = [(table, law) for table in (*tables().values(), *ADDED.values()) for law in laws(table)]


@pytest.mark.parametrize(
    ("table", "law"), CASES, ids=lambda value: getattr(value, "__name__", None) or value.name
)
@examples(15)
@given(data=st.data())
def test_table_obeys_the_law(table: Table, law: Law, data: st.DataObject) -> None:
    law(table, data)


@pytest.mark.parametrize(
    ("function", "broken"), WRONG, ids=lambda value: getattr(value, "__name__", value)
)
def test_wrong_function_breaks_the_law(function: Callable[..., LazyFrame], broken: str) -> None:
    (table,) = tables(function).values()
    (law,) = (law for law in laws(table) if law.__name__ == broken)

    @settings(max_examples=200, phases=[Phase.generate], database=None)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        law(table, data)

    with pytest.raises((AssertionError, ContractBrokenError, ShapeError)):
        check()


def test_new_table_is_covered_by_the_laws() -> None:
    covered = {(table.name, law.__name__) for table, law in CASES}
    assert ("silver.shops", "quarantine_names_the_broken_rule") in covered
    assert ("gold.people", "function_is_local_in_its_incremental_key") in covered
