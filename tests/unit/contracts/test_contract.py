"""Contracts: spec, columns and descriptions."""

import re
from collections.abc import Callable
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from pandera.errors import SchemaError
from polars import col

from contracts import bronze
from contracts.contract import (
    Bronze,
    Contract,
    Gold,
    Money,
    Silver,
    Timestamp,
    column,
    rule,
    warning,
)
from contracts.gold.fact_orders import FactOrders
from contracts.silver.customers import Customers
from contracts.silver.order_items import OrderItems
from transforms.graph import sources, tables

DERIVED = [table.contract for table in tables().values()]
EVERY = [*sources(), *DERIVED]


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


class Cashiers(Silver, key=("cashier_id",)):
    """One row per cashier."""

    cashier_id: str = column()
    nickname: str = column(personal=True, nullable=True)


class FactTillSales(
    Gold, key=("sale_id",), incremental_key=("cashier_id", "month"), partition_by=("month",)
):
    """One row per sale at a till."""

    sale_id: int = column()
    cashier_id: str = column(references=Cashiers)
    month: str = column(source="mon")
    sold_at: Timestamp = column()
    price: Money = column()


@pytest.mark.parametrize("contract", EVERY, ids=name_of)
def test_a_docstring_begins_with_the_grain(contract: type[Contract]) -> None:
    assert re.match(r"One row per \w+", contract.__doc__ or "")


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_a_contract_is_in_the_module_of_its_table(contract: type[Contract]) -> None:
    declared = contract.spec().table.removesuffix("_history")
    assert contract.__module__ == f"contracts.{declared}"
    assert contract.spec().table.startswith(f"{contract.spec().layer}.")


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_key_incremental_key_and_partition_are_columns(contract: type[Contract]) -> None:
    spec = contract.spec()
    assert spec.key
    assert {*spec.key, *spec.incremental_key, *spec.partition_by} <= contract.fields().keys()


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_key_columns_are_never_null(contract: type[Contract]) -> None:
    columns = contract.to_schema().columns
    assert not [name for name in contract.spec().key if columns[name].nullable]


@pytest.mark.parametrize("contract", EVERY, ids=name_of)
def test_a_foreign_key_has_the_type_of_the_referenced_key(
    contract: type[Contract],
) -> None:
    for name, parent in contract.references().items():
        (key,) = parent.spec().key
        assert contract.fields()[name] == parent.fields()[key]
        assert not contract.to_schema().columns[name].nullable


def test_every_fact_references_its_dimensions() -> None:
    dimensions = {
        contract.spec().key: contract
        for contract in DERIVED
        if "gold.dim_" in name_of(contract)
        and name_of(contract) != "gold.dim_month"  # facts refer to days, which have a month
    }
    assert dimensions
    for fact in (contract for contract in DERIVED if "gold.fact_" in name_of(contract)):
        keys = {column: dimensions[column,] for column in fact.fields() if (column,) in dimensions}
        assert fact.references() == keys


def test_personal_data_never_reaches_gold() -> None:
    personal = {name for contract in EVERY for name in contract.personal()}
    assert personal == {"review_comment_title", "review_comment_message"}
    for contract in DERIVED:
        if issubclass(contract, Gold):
            assert personal.isdisjoint(contract.fields())
            assert contract.personal() == []


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_only_coordinates_means_and_ratios_are_floats(contract: type[Contract]) -> None:
    floats = [name for name, dtype in contract.fields().items() if dtype.is_float()]
    allowed = r"latitude|longitude|.*_share|review_score|growth|retention|(mean|p90)_.*days.*"
    assert not [name for name in floats if not re.fullmatch(allowed, name)]


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_every_timestamp_is_a_wall_clock_but_intervals_are_in_utc(contract: type[Contract]) -> None:
    timestamps = {n: t for n, t in contract.fields().items() if isinstance(t, pl.Datetime)}
    instants = ("valid_from", "valid_to")
    zones = {name: "UTC" if name in instants else None for name in timestamps}
    assert timestamps == {name: pl.Datetime("us", zone) for name, zone in zones.items()}


@pytest.mark.parametrize("contract", sources(), ids=name_of)
def test_bronze_accepts_any_text_and_null(contract: type[Contract]) -> None:
    assert set(contract.fields().dtypes()) == {pl.String}
    assert all(declared.nullable for declared in contract.to_schema().columns.values())
    assert not [*contract.to_schema().checks]


@pytest.mark.parametrize("contract", EVERY, ids=name_of)
def test_only_technical_columns_begin_with_an_underscore(contract: type[Contract]) -> None:
    assert not [name for name in contract.fields() if name.startswith("_")]


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_every_column_is_parsed_from_a_source_column(contract: type[Contract]) -> None:
    source = tables()[name_of(contract)].source
    columns = contract.to_schema().columns
    if source is None:
        assert not [name for name, declared in columns.items() if declared.metadata["source"]]
    else:
        assert {d.metadata["source"] or name for name, d in columns.items()} == {*source.fields()}


def test_the_class_defines_name_and_layer() -> None:
    spec = FactTillSales.spec()
    assert (spec.layer, spec.table) == ("gold", "gold.fact_till_sales")
    assert spec.key == ("sale_id",)
    assert spec.incremental_key == ("cashier_id", "month")
    assert spec.partition_by == ("month",)


def test_class_arguments_are_not_inherited() -> None:
    assert Cashiers.spec().key == ("cashier_id",)
    assert Cashiers.spec().incremental_key == ()
    assert Gold.spec().key == ()
    assert Bronze.spec().layer == "bronze"


def test_fields_are_polars_types_in_order() -> None:
    assert list(FactTillSales.fields().items()) == [
        ("sale_id", pl.Int64()),
        ("cashier_id", pl.String()),
        ("month", pl.String()),
        ("sold_at", pl.Datetime("us")),
        ("price", pl.Decimal(18, 2)),
    ]


def test_references_and_personal_columns_come_from_the_tags() -> None:
    assert FactTillSales.references() == {"cashier_id": Cashiers}
    assert FactTillSales.personal() == []
    assert Cashiers.references() == {}
    assert Cashiers.personal() == ["nickname"]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pl.DataFrame({"cashier_id": ["a"]}), "nickname"),
        (pl.DataFrame({"cashier_id": ["a"], "nickname": ["b"], "more": ["c"]}), "more"),
        (pl.DataFrame({"cashier_id": [1], "nickname": ["b"]}), "cashier_id"),
    ],
    ids=["a column less", "a column more", "another type"],
)
def test_columns_and_types_must_match_exactly(frame: pl.DataFrame, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        Cashiers.validate(frame)


def test_a_contract_is_a_plain_pandera_model() -> None:
    frame = pl.DataFrame({"cashier_id": ["a"], "nickname": ["b"]})
    assert isinstance(Cashiers.to_schema(), pa.DataFrameSchema)
    assert Cashiers.validate(frame).equals(frame)


def test_every_column_of_silver_and_gold_has_a_description() -> None:
    unsaid = [
        f"{name}.{column}"
        for name, table in tables().items()
        for column, means in table.contract.descriptions().items()
        if not means
    ]
    assert unsaid == []


def test_a_column_has_its_own_or_a_shared_description() -> None:
    assert FactOrders.descriptions()["price"] == "Price of all items in BRL, without freight."
    assert FactOrders.descriptions()["customer_id"] == Customers.descriptions()["customer_id"]
    assert bronze.Orders.descriptions()["customer_id"] == ""


@pytest.mark.parametrize("kind", [rule, warning])
def test_a_rule_without_a_parameter_is_refused(kind: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"rich: .* write `def rich\(cls\) -> pl.Expr`"):

        @kind
        def rich() -> pl.Expr:
            return col("price") > 1


@pytest.mark.parametrize("option", ["key", "incremental_key", "partition_by", "sort_by", "history"])
def test_a_class_argument_that_is_not_a_tuple_is_refused(option: str) -> None:
    options: dict[str, Any] = {option: ("cashier_id")}
    with pytest.raises(TypeError, match=rf"Forgot: write {option}=\('cashier_id',\), with a comma"):
        type("Forgot", (Silver,), {"__doc__": "One row."}, **options)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"unique": True}, "use the class argument `key`"),
        ({"raise_warning": True, "ge": 1}, "a method with `@warning`"),
        ({"references": OrderItems}, "cannot be referenced: its key has several columns"),
    ],
)
def test_arguments_without_effect_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        column(**asked)
