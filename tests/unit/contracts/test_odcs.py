"""ODCS documents: valid by the standard, complete, and with SQL that counts the broken rows."""

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from contracts.contract import Contract, Gold, Instant, Money, column, rule, warning
from contracts.describe import describe, every_contract, version
from contracts.odcs import odcs_document
from contracts.rule_sql import violations
from contracts.rules import rules
from contracts.volume import Volume
from tests.support.mixture import mixture
from tests.support.odcs import imported

EVERY = [*every_contract()]
STANDARD = Draft201909Validator(
    json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
)


class DimStage(Gold, key=("stage_id",)):
    """One row per stage."""

    stage_id: int = column(ge=1, description="Number of the stage.")


class FactTickets(
    Gold,
    key=("show_id", "seat"),
    incremental_key=("show_id",),
    partition_by=("month",),
    fresh=timedelta(minutes=90),
    volume=Volume(floor=1_000),
):
    """One row per ticket.

    Free tickets
    count too.
    """

    seat: str = column(str_matches="^[A-Z][0-9]$")
    show_id: int = column(description="Number of the show.")
    stage_id: int = column(references=DimStage, nullable=True)
    sponsor: int = column(looked_up_in=DimStage, nullable=True)
    month: str = column(isin=("2017-01", "2017-02"))
    price: Money = column(gt=0, le=100, sums=(DimStage, pl.col("stage_id")))
    share: float = column(in_range={"min_value": 0, "max_value": 1, "include_max": False})
    holder: str = column(personal=True, nullable=True)
    sold_at: Instant = column(nullable=True)

    @rule
    def sponsor_has_a_seat(cls) -> pl.Expr:
        """A sponsor has a seat."""
        return pl.col("sponsor").is_null() | pl.col("seat").is_not_null()

    @warning
    def price_is_round(cls) -> pl.Expr:
        """The price is in whole BRL."""
        return pl.col("price") % 1 == 0


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


def property_named(document: dict[str, Any], name: str) -> dict[str, Any]:
    (table,) = document["schema"]
    (found,) = (each for each in table["properties"] if each["name"] == name)
    return dict(found)


def quality(document: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return every rule of a document by name, with the column that it is about."""
    (table,) = document["schema"]
    of_columns = ((each["name"], each) for each in table["properties"])
    return {
        rule["name"]: (column, rule)
        for column, owner in [("", table), *of_columns]
        for rule in owner.get("quality", [])
    }


def measured(rows: pl.DataFrame, column: str, rule: dict[str, Any]) -> int:
    """Return what a rule measures in some rows."""
    arguments = rule.get("arguments", {})
    match rule:
        case {"query": query}:
            return asked_of(query.format(object="rows", property=column), rows=rows)
        case {"metric": "nullValues"}:
            holds = f"{column} IS NOT NULL"
        case {"metric": "invalidValues"} if "validValues" in arguments:
            holds = f"{column} IN {tuple(arguments['validValues'])}"
        case {"metric": "invalidValues"}:
            holds = f"regexp_matches({column}, '{arguments['pattern']}')"
        case _:
            raise AssertionError(rule)
    return asked_of(violations(holds, "rows"), rows=rows)


def asked_of(query: str, **tables: pl.DataFrame) -> int:
    """Return the only value of a query's result."""
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        ((value,),) = connection.sql(query).fetchall()
    return int(value)


@pytest.mark.parametrize("contract", [*EVERY, FactTickets], ids=name_of)
def test_document_is_valid_by_the_standard(contract: type[Contract]) -> None:
    document = odcs_document(contract, release="1.2.0", owners=["Data team"])
    assert [error.message for error in STANDARD.iter_errors(document)] == []


def test_standard_rejects_a_document_with_an_unknown_field() -> None:
    assert not STANDARD.is_valid(odcs_document(DimStage) | {"grain": "One row per stage."})


@pytest.mark.parametrize("contract", [*EVERY, FactTickets], ids=name_of)
def test_document_read_back_is_the_description(contract: type[Contract]) -> None:
    text = yaml.safe_dump(odcs_document(contract), sort_keys=False)
    assert imported(yaml.safe_load(text)) == describe(contract)


@pytest.mark.parametrize("contract", [*EVERY, FactTickets], ids=name_of)
def test_document_read_by_the_public_model_loses_nothing(contract: type[Contract]) -> None:
    document = odcs_document(contract, owners=["Data team"])
    model = OpenDataContractStandard.model_validate(document)
    assert model.model_dump(by_alias=True, exclude_none=True) == document


@pytest.mark.parametrize("contract", [*EVERY, FactTickets], ids=name_of)
def test_rules_of_columns_count_the_rows_that_break_them(contract: type[Contract]) -> None:
    rows, asked = mixture(contract), quality(odcs_document(contract))
    of_columns = [each for each in rules(contract) if each.column]
    expected = {each.name: rows.select((~each.expr).sum()).item() for each in of_columns}
    assert {name: measured(rows, *asked[name]) for name in expected} == expected


def test_foreign_key_counts_the_values_that_are_nowhere() -> None:
    column, rule = quality(odcs_document(FactTickets))["stage_id_is_in_gold.dim_stage"]
    query = rule["query"].replace("gold.dim_stage", "stages")
    query = query.format(object="rows", property=column)
    rows = pl.DataFrame({"stage_id": [1, 2, 2, None]})
    assert asked_of(query, rows=rows, stages=pl.DataFrame({"stage_id": [1]})) == 2


def test_document_names_what_people_look_for() -> None:
    document = odcs_document(FactTickets, release="1.2.0", owners=["Data team"])
    assert document["version"] == f"1.2.0+{version(describe(FactTickets))}"
    assert document["description"] == {
        "purpose": "One row per ticket.",
        "usage": "Free tickets count too.",
    }
    assert document["team"] == {"members": [{"username": "Data team", "role": "owner"}]}
    assert property_named(document, "show_id") == {
        "id": "show_id",
        "name": "show_id",
        "logicalType": "integer",
        "physicalType": "bigint",
        "description": "Number of the show.",
        "required": True,
        "primaryKey": True,
        "primaryKeyPosition": 1,
        "quality": [
            {
                "name": "show_id_is_present",
                "description": "`show_id` is present.",
                "type": "library",
                "severity": "error",
                "dimension": "completeness",
                "metric": "nullValues",
                "mustBe": 0,
            }
        ],
    }
    assert property_named(document, "month")["partitionKeyPosition"] == 1
    assert property_named(odcs_document(DimStage), "stage_id")["unique"] is True


def test_document_without_owners_has_no_team() -> None:
    assert "team" not in odcs_document(FactTickets)


def test_promises_of_time_and_volume_are_service_levels() -> None:
    assert "slaProperties" not in odcs_document(DimStage)
    fresh, volume = odcs_document(FactTickets)["slaProperties"]
    assert (fresh["property"], fresh["value"], fresh["unit"]) == ("latency", 1.5, "h")
    assert volume["property"] == "throughput"
    assert volume["value"] == "as usual for the weekday, at least 1,000"


def test_limits_of_a_column_are_options_of_its_type() -> None:
    document = odcs_document(FactTickets)
    limits = {
        name: property_named(document, name)["logicalTypeOptions"]
        for name in ("price", "share", "seat")
    }
    assert limits == {
        "price": {"exclusiveMinimum": 0, "maximum": 100},
        "share": {"minimum": 0, "exclusiveMaximum": 1},
        "seat": {"pattern": "^[A-Z][0-9]$"},
    }


def test_personal_column_is_restricted() -> None:
    holder = property_named(odcs_document(FactTickets), "holder")
    assert (holder["classification"], holder["tags"]) == ("restricted", ["personal"])


def test_look_up_is_a_relationship_that_nothing_enforces() -> None:
    to = "gold.dim_stage.odcs.yaml#/schema/dim_stage/properties/stage_id"
    document = odcs_document(FactTickets)
    assert property_named(document, "stage_id")["relationships"] == [
        {"type": "foreignKey", "to": to}
    ]
    assert property_named(document, "sponsor")["relationships"] == [
        {
            "type": "foreignKey",
            "to": to,
            "customProperties": [{"property": "enforced", "value": False}],
        }
    ]


def test_rules_of_rows_are_in_words_with_their_severity() -> None:
    found = quality(odcs_document(FactTickets))
    assert {
        name: (found[name][1]["type"], found[name][1]["severity"], found[name][1]["description"])
        for name in ("sponsor_has_a_seat", "price_is_round")
    } == {
        "sponsor_has_a_seat": ("text", "error", "A sponsor has a seat."),
        "price_is_round": ("text", "warning", "The price is in whole BRL."),
    }
