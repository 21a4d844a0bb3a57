"""Message schemas of bronze contracts, and their breaking changes."""

import json
from typing import Any

import fastjsonschema
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import bronze
from contracts.contract import Bronze, column
from contracts.message_schema import breaking_changes, json_schema, schema_mismatches
from transforms.graph import sources

TRANSLATION = bronze.ProductCategoryNameTranslation
COLUMNS = TRANSLATION.fields().names()


@pytest.mark.parametrize("contract", sources(), ids=lambda contract: contract.spec().table)
def test_a_message_has_every_source_column_as_text_or_null(contract: type[Bronze]) -> None:
    accepts = fastjsonschema.compile(json_schema(contract))
    accepts(dict.fromkeys(contract.fields()))
    accepts(dict.fromkeys(contract.fields(), "text"))
    first, *others = contract.fields()
    nothing: dict[str, Any] = dict.fromkeys(contract.fields())
    for wrong in (dict.fromkeys(others), {**nothing, first: 1}, {**nothing, "unknown": None}, "x"):
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            accepts(wrong)


def test_a_schema_has_title_description_and_version() -> None:
    schema = json_schema(bronze.Orders)
    assert schema["title"] == "orders"
    assert schema["description"] == "One row per order record that a source delivered."


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_column_types_prove_that_all_records_conform(
    rows: list[tuple[str | None, str | None]],
) -> None:
    accepts = fastjsonschema.compile(json_schema(TRANSLATION))
    frame = pl.DataFrame(rows, TRANSLATION.fields(), orient="row")
    assert schema_mismatches(frame.schema, json_schema(TRANSLATION)) == []
    for encoded, row in zip(
        frame.select(pl.struct(pl.all()).struct.json_encode()).to_series(), rows, strict=True
    ):
        assert accepts(json.loads(encoded)) == dict(zip(COLUMNS, row, strict=True))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({COLUMNS[0]: pl.String}, f"{COLUMNS[1]}: is missing"),
        (dict.fromkeys([*COLUMNS, "more"], pl.String), "more: is unknown"),
        (
            {COLUMNS[0]: pl.String, COLUMNS[1]: pl.Int64},
            f"{COLUMNS[1]}: is Int64, not text or null",
        ),
    ],
)
def test_other_columns_do_not_conform(columns: dict[str, Any], reason: str) -> None:
    assert schema_mismatches(pl.Schema(columns), json_schema(TRANSLATION)) == [reason]


def test_column_types_do_not_prove_a_required_field() -> None:
    class Strict(Bronze):
        """One row per strict record."""

        code: str = column()

    (reason,) = schema_mismatches(pl.Schema({"code": pl.String}), json_schema(Strict))
    assert reason.startswith("code: ")


@pytest.mark.parametrize("contract", sources(), ids=lambda contract: contract.spec().table)
def test_an_equal_schema_breaks_nothing(contract: type[Bronze]) -> None:
    assert breaking_changes(json_schema(contract), json_schema(contract)) == []


def test_an_added_column_breaks_nothing() -> None:
    class More(bronze.Sellers):
        """One row per seller record that a source delivered."""

        seller_phone: str = column(nullable=True)

    old, new = json_schema(bronze.Sellers), json_schema(More)
    assert breaking_changes(old, new) == []
    assert breaking_changes(new, old) == ["seller_phone: was removed"]


def schema(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    types = {n: p if isinstance(p, dict) else {"type": p} for n, p in properties.items()}
    return {"properties": types, "required": list(types) if required is None else required}


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        (schema(), schema(x="string"), ["x: is new and required, but must not be null"]),
        (schema(), schema(required=[], x="string"), []),
        (schema(), schema(x=["string", "null"]), []),
        (schema(x=["string", "null"]), schema(x=["string"]), ["x: may no longer be null"]),
        (schema(x="string"), schema(x=["string", "null"]), []),
        (schema(x="string"), schema(x="integer"), ["x: may no longer be string"]),
        (schema(x="integer"), schema(x="number"), []),
        (schema(x="number"), schema(x="integer"), ["x: may no longer be number"]),
        (
            schema(required=[], x="string"),
            schema(x="string"),
            ["x: is now required, but must not be null"],
        ),
        (
            schema(x="string"),
            schema(x={"type": "string", "maxLength": 3}),
            ["x: `maxLength` allows other values"],
        ),
        (schema(x={"type": "string", "maxLength": 3}), schema(x="string"), []),
        (schema(x="string"), schema(x={"type": "string", "description": "Words."}), []),
        (
            schema(x="string", y="string"),
            schema(z="string"),
            [
                "x: was removed",
                "y: was removed",
                "z: is new and required, but must not be null",
            ],
        ),
    ],
)
def test_breaking_changes_name_the_field_and_the_reason(
    old: dict[str, Any], new: dict[str, Any], reasons: list[str]
) -> None:
    assert breaking_changes(old, new) == reasons
