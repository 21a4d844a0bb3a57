"""Validation divides raw records into valid and invalid ones."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.exceptions import ShapeError
from polars.testing import assert_frame_equal

from contracts.contract import Money, Silver, Timestamp, column, rule, warning
from contracts.technical_columns import PROVENANCE, SILVER_PROVENANCE
from transforms.graph import tables
from transforms.parse import integer, money, text, timestamp
from transforms.validation import FUTURE, OPERATION, UNREADABLE, validate_records, warning_counts

NOW = datetime(2017, 11, 24, 12, tzinfo=UTC)
GOOD = {"id": "v1", "score": "3", "price": "9.90", "entered": "2017-11-24 10:00:00", "left": None}
RAW_SCHEMA = pl.Schema({**dict.fromkeys(GOOD, pl.String()), **PROVENANCE})


class Visits(Silver, key=("visit_id",)):
    """One row per visit."""

    visit_id: str = column(source="id", str_matches="^v")
    score: int = column(in_range=(1, 5), nullable=True)
    price: Money = column(ge=0)
    entered: Timestamp = column()
    left: Timestamp = column(nullable=True)

    @rule
    def left_after_entered(cls) -> pl.Expr:
        """Nobody leaves before they come."""
        return pl.col("left") >= pl.col("entered")

    @warning
    def cheap(cls) -> pl.Expr:
        """A visit costs at most a tenner."""
        return pl.col("price") <= 10


def visits(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Type each visit."""
    return raw.select(
        text("id").alias("visit_id"),
        integer("score"),
        money("price"),
        timestamp("entered"),
        timestamp("left"),
    )


def records(*changes: dict[str, Any]) -> pl.LazyFrame:
    """Return valid raw records with the given changes."""
    numbered = [
        {**GOOD, "_source": "file/x/a.csv", "_position": position, "_event_time": NOW, **change}
        for position, change in enumerate(changes, start=1)
    ]
    return pl.LazyFrame(numbered, schema=RAW_SCHEMA)


def reasons(*changes: dict[str, Any]) -> list[list[str]]:
    """Return the broken rules of each record, none for a valid one."""
    raw = records(*changes)
    invalid = validate_records(raw, visits, Visits).invalid
    named = raw.join(invalid.select("_position", "_broken_rules"), on="_position", how="left")
    return named.sort("_position").collect()["_broken_rules"].fill_null([]).to_list()


def test_a_valid_record_is_typed_and_keeps_its_provenance() -> None:
    valid, _, invalid = validate_records(records({}), visits, Visits)
    expected = {
        "visit_id": "v1",
        "score": 3,
        "price": Decimal("9.90"),
        "entered": datetime.fromisoformat("2017-11-24 10:00"),
        "left": None,
        "_source": "file/x/a.csv",
        "_position": 1,
        "_event_time": NOW,
    }
    schema = {**Visits.fields(), **SILVER_PROVENANCE}
    assert_frame_equal(valid, pl.LazyFrame([expected], schema=schema))
    assert invalid.collect().is_empty()


def test_an_invalid_record_keeps_its_raw_form_and_provenance() -> None:
    odd = {"score": " 9", "price": "9,90", "_ingested_at": NOW, "_rescued_data": '{"x": "1"}'}
    raw = records({}, odd, {}).with_columns(_bronze_version=pl.lit(7))
    valid, _, invalid = validate_records(raw, visits, Visits)
    reason = pl.lit(["score_is_between_1_and_5", "price_is_a_number"])
    expected = raw.filter(pl.col("_position") == 2).with_columns(_broken_rules=reason)
    assert_frame_equal(invalid, expected)
    assert valid.collect().height == 2


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({}, []),
        ({"id": None}, ["visit_id_is_present"]),
        ({"id": ""}, ["visit_id_is_present"]),
        ({"id": "  "}, ["visit_id_is_present"]),
        ({"id": "w1"}, ["visit_id_is_well_formed"]),
        ({"score": None}, []),
        ({"score": ""}, []),
        ({"score": "three"}, ["score_is_a_number"]),
        ({"score": "3.5"}, ["score_is_a_number"]),
        ({"score": "6"}, ["score_is_between_1_and_5"]),
        ({"price": None}, ["price_is_present"]),
        ({"price": ""}, ["price_is_present"]),
        ({"price": "9,90"}, ["price_is_a_number"]),
        ({"price": "9.905"}, ["price_is_a_number"]),
        ({"price": "-0.01"}, ["price_is_at_least_0"]),
        ({"price": "1000"}, []),
        ({"entered": ""}, ["entered_is_present"]),
        ({"entered": "24/11/2017"}, ["entered_is_a_timestamp"]),
        ({"left": ""}, []),
        ({"left": "never"}, ["left_is_a_timestamp"]),
        ({"left": "2017-11-24 10:00:00"}, []),
        ({"left": "2017-11-24 09:59:59"}, ["left_after_entered"]),
    ],
)
def test_each_defect_breaks_its_rule(change: dict[str, str | None], rules: list[str]) -> None:
    assert reasons(change) == [rules]


def test_broken_rules_are_in_the_order_of_the_contract() -> None:
    worst = {"id": "w", "score": "0", "price": "x", "left": "2017-11-24 09:00:00"}
    assert reasons({}, worst, {"entered": ""}) == [
        [],
        [
            "visit_id_is_well_formed",
            "score_is_between_1_and_5",
            "price_is_a_number",
            "left_after_entered",
        ],
        ["entered_is_present"],
    ]


def test_an_unreadable_record_breaks_one_rule() -> None:
    nothing = dict.fromkeys(GOOD)
    assert reasons({**nothing, "_corrupt_record": 'v1,"3'}, nothing) == [
        [UNREADABLE],
        ["visit_id_is_present", "price_is_present", "entered_is_present"],
    ]


def test_a_record_from_the_future_is_invalid() -> None:
    now = datetime.now(UTC)
    assert reasons(
        {"_event_time": now + timedelta(hours=1)},
        {"_event_time": now + timedelta(hours=1), "price": "x"},
        {"_event_time": datetime(2099, 1, 1, tzinfo=UTC), "_corrupt_record": "?"},
        {"_event_time": now + timedelta(minutes=4)},
        {"_event_time": None},
    ) == [[FUTURE], [FUTURE, "price_is_a_number"], [UNREADABLE], [], []]


def test_an_unreadable_record_with_valid_fields_is_invalid() -> None:
    valid, _, invalid = validate_records(records({"_corrupt_record": ""}), visits, Visits)
    assert valid.collect().is_empty()
    assert invalid.collect()["_broken_rules"].to_list() == [[UNREADABLE]]


def test_no_records_give_empty_frames_with_the_right_types() -> None:
    valid, _, invalid = validate_records(records(), visits, Visits)
    assert valid.collect().schema == {**Visits.fields(), **SILVER_PROVENANCE}
    assert invalid.collect().schema == {**RAW_SCHEMA, "_broken_rules": pl.List(pl.String)}


TEXT = st.sampled_from([None, "", " ", "v1", "3", "-1", "9.90", "x", "2017-11-24 10:00:00"])
RECORD = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(GOOD, TEXT), "_corrupt_record": st.sampled_from([None, "?"])}
)


@given(st.lists(RECORD, max_size=8))
def test_each_record_is_either_valid_or_invalid(changes: list[dict[str, str | None]]) -> None:
    raw = records(*changes)
    valid, _, invalid = pl.collect_all(validate_records(raw, visits, Visits))
    assert invalid.select((pl.col("_broken_rules").list.len() > 0).all()).item()
    both = pl.concat([valid["_position"], invalid["_position"]]).sort()
    assert both.to_list() == raw.collect()["_position"].to_list()
    Visits.validate(valid.drop(SILVER_PROVENANCE.names()).filter(pl.col("price") <= 10))


@pytest.mark.parametrize(
    "change",
    [
        operator.methodcaller("filter", pl.col("visit_id") != "v2"),
        operator.methodcaller("head", 1),
        operator.methodcaller("clear"),
        lambda typed: pl.concat([typed, typed]),
    ],
    ids=["some lost", "one left", "none left", "repeated"],
)
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_function_that_changes_the_number_of_rows_is_refused(
    change: Callable[[pl.LazyFrame], pl.LazyFrame], engine: Any
) -> None:
    raw = records({}, {"id": "v2"}, {"price": "x"})
    validated = validate_records(raw, lambda records: change(visits(records)), Visits)
    for part in validated:
        with pytest.raises(ShapeError):
            part.collect(engine=engine)


def test_warning_counts_count_their_rows() -> None:
    valid = validate_records(records({}, {"price": "10.01"}, {"price": "11"}), visits, Visits).valid
    assert valid.select(**warning_counts(Visits)).collect().to_dicts() == [{"cheap": 2}]


@pytest.mark.parametrize("name", [name for name, table in tables().items() if table.source])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_repeated_header_is_invalid(name: str, mark: str) -> None:
    table = tables()[name]
    assert table.source
    columns = table.source.fields()
    header = {**{column: column for column in columns}, **dict.fromkeys(PROVENANCE)}
    header[next(iter(columns))] = mark + next(iter(columns))
    raw = pl.LazyFrame([header], {**columns, **PROVENANCE})
    valid, _, invalid = pl.collect_all(validate_records(raw, table.function, table.contract))
    assert (len(valid), len(invalid)) == (0, 1)


@pytest.mark.parametrize("operation", [None, "", " ", "upsert", " upsert "])
def test_a_record_without_another_operation_is_an_upsert(operation: str | None) -> None:
    valid, deletes, invalid = pl.collect_all(
        validate_records(records({"_operation": operation}), visits, Visits)
    )
    assert (len(valid), len(deletes), len(invalid)) == (1, 0, 0)


@pytest.mark.parametrize("rest", [dict.fromkeys(GOOD), {"score": "9", "price": "x", "left": "?"}])
def test_a_delete_needs_only_its_key(rest: dict[str, str | None]) -> None:
    raw = records({**rest, "id": " v1 ", "_operation": " delete"})
    valid, deletes, invalid = pl.collect_all(validate_records(raw, visits, Visits))
    expected = {"visit_id": "v1", "_source": "file/x/a.csv", "_position": 1, "_event_time": NOW}
    schema = {"visit_id": pl.String(), **SILVER_PROVENANCE}
    assert_frame_equal(deletes, pl.DataFrame([expected], schema))
    assert (len(valid), len(invalid)) == (0, 0)


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"_operation": "DELETE"}, [OPERATION]),
        ({"_operation": "merge", "id": "", "price": ""}, [OPERATION, "visit_id_is_present"]),
        ({"_operation": "delete", "id": "", "price": ""}, ["visit_id_is_present"]),
        ({"_operation": "delete", "id": "w1", "score": "9"}, ["visit_id_is_well_formed"]),
        ({"_operation": "delete", "_event_time": datetime(2099, 1, 1, tzinfo=UTC)}, [FUTURE]),
        ({"_operation": "delete", "_corrupt_record": "?"}, [UNREADABLE]),
    ],
)
def test_a_wrong_operation_and_a_delete_without_key_are_invalid(
    change: dict[str, Any], rules: list[str]
) -> None:
    assert reasons({}, change) == [[], rules]


def test_a_delete_keeps_the_rules_of_every_key_column() -> None:
    table = tables()["silver.geolocation_points"]
    brazil = {
        "geolocation_zip_code_prefix": "01310",
        "geolocation_lat": "-23.56",
        "geolocation_lng": "-46.65",
        "geolocation_city": "sao paulo",
        "geolocation_state": "SP",
        "_operation": "delete",
    }
    places = [brazil, {**brazil, "geolocation_lat": "48.85"}, {**brazil, "geolocation_lat": "?"}]
    raw = pl.LazyFrame(places, {**table.inputs["raw"].fields(), **PROVENANCE})
    _, deletes, invalid = pl.collect_all(validate_records(raw, table.function, table.contract))
    assert deletes.select(table.contract.spec().key).rows() == [
        ("01310", -23.56, -46.65, "sao paulo", "SP")
    ]
    assert invalid["_broken_rules"].to_list() == [["inside_brazil"], ["latitude_is_a_number"]]
