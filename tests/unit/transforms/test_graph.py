"""The graph of the lakehouse follows from the signatures."""

import pkgutil
from collections.abc import Callable
from graphlib import CycleError
from types import ModuleType
from typing import Annotated

import polars as pl
import pytest
from polars import LazyFrame

import contracts.gold
import contracts.silver
from contracts import bronze
from contracts.contract import Bronze, Contract, Gold, Money, Silver, column
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_sales import FactSales
from contracts.silver.orders import Orders
from transforms.gold.dim_customer import dim_customer
from transforms.gold.fact_sales import fact_sales
from transforms.graph import Table, WiringError, downstream_tables, sources, tables
from transforms.silver.geolocation import geolocation
from transforms.silver.order_items import order_items
from transforms.silver.orders import orders


class CustomerTurnover(Gold, key=("customer_id",), incremental_key=("customer_id",)):
    """One row per customer, with what they bought."""

    customer_id: str = column(references=DimCustomer)


def turnover(
    sales: Annotated[LazyFrame, FactSales],
    those_who: Annotated[LazyFrame, Orders],
    since: int = 2016,
) -> Annotated[LazyFrame, CustomerTurnover]:
    """Add up what each customer bought."""
    return sales.join(those_who, on="customer_id").filter(since=since)


class Chicken(Gold, key=("name",)):
    """One row per chicken."""

    name: str = column()


class Egg(Gold, key=("name",)):
    """One row per egg."""

    name: str = column(references=Chicken)


class Calendar(Gold, key=("day",)):
    """One row per day."""

    day: int = column()


def chicken(eggs: Annotated[LazyFrame, Egg]) -> Annotated[LazyFrame, Chicken]:
    """Hatch."""
    return eggs


def egg(raw: Annotated[LazyFrame, bronze.Products]) -> Annotated[LazyFrame, Egg]:
    """Lay."""
    return raw


def calendar() -> Annotated[LazyFrame, Calendar]:
    """Make days without inputs."""
    return LazyFrame({"day": [1]})


def counted(
    raw: Annotated[LazyFrame, bronze.Products], known: Annotated[LazyFrame, Egg]
) -> Annotated[LazyFrame, Chicken]:
    """Look at records and at a table."""
    return raw.join(known, on="name")


def helper(frame: Annotated[LazyFrame, Orders]) -> LazyFrame:
    """Return without a contract."""
    return frame


def names_in(package: ModuleType) -> set[str]:
    layer = package.__name__.partition(".")[2]
    return {f"{layer}.{module.name}" for module in pkgutil.iter_modules(package.__path__)}


def test_every_contract_belongs_to_one_table() -> None:
    declared = {name for name, table in tables().items() if not table.versions_of}
    assert declared == names_in(contracts.silver) | names_in(contracts.gold)


def test_a_table_has_the_name_of_its_function() -> None:
    for name, table in tables().items():
        assert name == table.name == f"{table.contract.spec().layer}.{table.function.__name__}"
        declared = "history" if table.versions_of else name
        assert table.function.__module__ == f"transforms.{declared}"


def test_every_bronze_contract_is_read_by_one_table() -> None:
    read = [table.source for table in tables().values() if table.source]
    assert sources() == sorted(read, key=lambda contract: contract.spec().table)
    declared = {c for c in vars(bronze).values() if isinstance(c, type) and c.__base__ is Bronze}
    assert {*read} == declared
    assert len(read) == len(declared)


def test_tables_come_after_their_dependencies() -> None:
    order = [*tables()]
    for table in tables().values():
        needed = [name for name in table.dependencies if not name.startswith("bronze.")]
        assert all(order.index(name) < order.index(table.name) for name in needed)


def test_signature_of_a_function_defines_its_table() -> None:
    assert tables(turnover) == {
        "gold.customer_turnover": Table(
            name="gold.customer_turnover",
            contract=CustomerTurnover,
            function=turnover,
            inputs={"sales": FactSales, "those_who": Orders},
        )
    }


def test_inputs_and_foreign_keys_come_first() -> None:
    table = tables(turnover)["gold.customer_turnover"]
    assert table.input_names == ["gold.fact_sales", "silver.orders"]
    assert table.dependencies == {"gold.fact_sales", "silver.orders", "gold.dim_customer"}


def test_a_table_lists_the_key_columns_that_its_readers_use() -> None:
    assert tables()["silver.orders"].tracked_columns == {"customer_id"}
    assert tables()["silver.order_items"].tracked_columns == {"product_id", "seller_id"}
    assert tables(fact_sales, turnover)["gold.fact_sales"].tracked_columns == {"customer_id"}
    assert not tables(fact_sales)["gold.fact_sales"].tracked_columns
    assert tables()["gold.fact_orders"].tracked_columns == {"customer_unique_id", "purchase_month"}
    assert tables()["gold.fact_sales"].tracked_columns == {"purchase_month"}


@pytest.mark.parametrize(
    "functions",
    [
        (turnover, fact_sales, dim_customer, orders),
        (orders, dim_customer, fact_sales, turnover),
        (fact_sales, turnover, orders, dim_customer),
    ],
)
def test_order_follows_dependencies_not_declarations(
    functions: tuple[Callable[..., LazyFrame]],
) -> None:
    order = [*tables(*functions)]
    assert len(order) == len(functions) + 1  # orders have a history
    assert order[-1] == "gold.customer_turnover"
    assert order.index("silver.orders") < order.index("gold.dim_customer")
    assert order.index("gold.dim_customer") < order.index("gold.fact_sales")


def test_a_function_without_a_contract_is_not_a_table() -> None:
    assert tables(helper) == {}
    assert [*tables(helper, order_items)] == ["silver.order_items"]


def test_a_contract_with_history_adds_a_table_of_all_valid_records() -> None:
    orders_, history = tables(orders).values()
    assert (orders_.name, history.name) == ("silver.orders", "silver.orders_history")
    assert history.versions_of == orders_
    assert history.inputs == {"versions": Orders}
    assert history.input_names == ["silver.orders", "bronze.orders"]
    assert (history.source, history.records) == (None, bronze.Orders)
    assert downstream_tables("silver.sellers") >= {"silver.sellers_history", "gold.dim_seller"}


def test_records_are_typed_from_one_bronze_table() -> None:
    assert tables(orders)["silver.orders"].source is bronze.Orders
    assert tables(geolocation)["silver.geolocation"].source is None
    assert tables(counted)["gold.chicken"].source is None
    assert tables(fact_sales)["gold.fact_sales"].source is None


def test_circular_dependencies_are_refused() -> None:
    assert [*tables(egg)] == ["gold.egg"]
    with pytest.raises(CycleError) as refused:
        tables(chicken, egg)
    assert {"gold.chicken", "gold.egg"} <= {*refused.value.args[1]}


def test_a_table_may_have_no_inputs() -> None:
    table = tables(calendar)["gold.calendar"]
    assert (table.inputs, table.dependencies) == ({}, set())
    assert table.source is None


class Tills(Silver, key=("order_id",)):
    """One row per order at a till."""

    order_id: str = column()


class SalesOfDay(Gold, key=("day",), incremental_key=("day",)):
    """One row per day."""

    day: int = column()
    price: Money = column(sums=(FactSales, pl.col("price")))


class Misspelt(Gold, key=("dya",)):
    """One row per day."""

    day: int = column()


class Keyless(Gold):
    """One row per day."""

    day: int = column()


class Beside(Gold, key=("day",), incremental_key=("order_id",)):
    """One row per day."""

    day: int = column()
    order_id: str = column()


class Weighed(Gold, key=("day",)):
    """One row per day."""

    day: int = column()
    weight: float = column(sums=(FactSales, pl.col("price")))


class Recalled(Silver, key=("order_id",), history=("order_status",)):
    """One row per order."""

    order_id: str = column()
    order_status: str = column()


class Shared(Gold, key=("order_id",), max_share={"order_id_is_present": 0.1}):
    """One row per order."""

    order_id: str = column()


class Owned(Silver, key=("order_id",)):
    """One row per order."""

    order_id: str = column(references=DimCustomer)


def made_of(read: type[Contract], made: type[Contract]) -> Callable[..., LazyFrame]:
    """Return a table function of one input."""

    def function(rows: LazyFrame) -> LazyFrame:
        return rows

    function.__annotations__ = {
        "rows": Annotated[LazyFrame, read],
        "return": Annotated[LazyFrame, made],
    }
    return function


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (
            (orders, made_of(bronze.Orders, Tills)),
            "silver.tills: silver.orders reads the same source",
        ),
        (
            (made_of(FactSales, SalesOfDay),),
            r"price sums gold\.fact_sales, which has no column day of the incremental key",
        ),
        (
            (made_of(Orders, SalesOfDay),),
            r"price sums gold\.fact_sales, which is not an input",
        ),
        ((made_of(FactSales, Misspelt),), "names dya, which is not a column"),
        ((made_of(FactSales, Keyless),), r"gold\.keyless: its contract has no key"),
        ((made_of(FactSales, Beside),), "its incremental key has order_id, which its key lacks"),
        ((made_of(FactSales, Weighed),), "weight is a Float64, with inexact sums"),
        ((made_of(Orders, Recalled),), "only tables of records have a history"),
        ((made_of(Orders, Shared),), "only tables of records have shares"),
        ((made_of(bronze.Orders, Owned),), "only tables of gold enforce foreign keys"),
    ],
)
def test_a_contract_that_contradicts_its_function_is_refused(
    functions: tuple[Callable[..., LazyFrame], ...], said: str
) -> None:
    with pytest.raises(WiringError, match=said):
        tables(*functions)


def test_downstream_tables_depend_on_a_table_directly_or_not() -> None:
    assert downstream_tables("gold.agg_monthly_payments") == {"gold.mart_payment_mix"}
    assert downstream_tables("bronze.geolocation") >= {
        "silver.geolocation_points",
        "silver.geolocation",
        "gold.dim_customer",
    }
    assert downstream_tables("gold.mart_payment_mix") == set()
