"""Order events end in the records of the source and come in the right order."""

import json
from datetime import UTC, datetime
from typing import Annotated

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Bronze, Silver, column
from contracts.technical_columns import SILVER_PROVENANCE, UPSERT
from tests.support import good_records as good
from tests.support.examples import examples
from transforms import order_events
from transforms.deduplication import latest_versions
from transforms.graph import Table, tables
from transforms.order_events import entity_events, message_key, natural_key
from transforms.validation import ValidatedRecords, validate_records

Raw = dict[type[Bronze], pl.LazyFrame]

TYPED: dict[type[Bronze], Table] = {t.source: t for t in tables().values() if t.source}
ORDER, CUSTOMER, PRODUCT, SELLER, REVIEW = (letter * 32 for letter in "abcde")

GOOD: dict[type[Bronze], dict[str, str]] = {
    bronze.Orders: {**good.GOOD["orders"], "order_id": ORDER, "customer_id": CUSTOMER},
    bronze.OrderItems: {
        "order_id": ORDER,
        "order_item_id": "1",
        "product_id": PRODUCT,
        "seller_id": SELLER,
        "price": "99.90",
        "freight_value": "10.10",
    },
    bronze.OrderPayments: {
        "order_id": ORDER,
        "payment_sequential": "1",
        "payment_type": "boleto",
        "payment_installments": "1",
        "payment_value": "110.00",
    },
    bronze.OrderReviews: {
        "review_id": REVIEW,
        "order_id": ORDER,
        "review_score": "5",
        "review_creation_date": "2017-12-05 00:00:00",
    },
    bronze.Customers: {
        "customer_id": CUSTOMER,
        "customer_unique_id": CUSTOMER,
        "customer_zip_code_prefix": "01310",
        "customer_city": "sao paulo",
        "customer_state": "SP",
    },
    bronze.Products: {"product_id": PRODUCT, "product_category_name": "livros"},
    bronze.Sellers: {
        "seller_id": SELLER,
        "seller_zip_code_prefix": "20040",
        "seller_city": "rio de janeiro",
        "seller_state": "RJ",
    },
    bronze.Geolocation: {
        "geolocation_zip_code_prefix": "20040",
        "geolocation_lat": "-22.9",
        "geolocation_lng": "-43.2",
        "geolocation_city": "rio de janeiro",
        "geolocation_state": "RJ",
    },
    bronze.ProductCategoryNameTranslation: {
        "product_category_name": "livros",
        "product_category_name_english": "books",
    },
}


class Refunds(Bronze):
    """One row per refund."""

    refund_id: str = bronze.raw()


class HashedRefunds(Silver, key=("hash",)):
    """One row per refund, by a key that no source has."""

    hash: str = column()


def hashed_refunds(
    raw: Annotated[pl.LazyFrame, Refunds],
) -> Annotated[pl.LazyFrame, HashedRefunds]:
    return raw.select(hash=pl.col("refund_id").hash().cast(pl.String))


def shop(**tables: list[dict[str, str | None]]) -> Raw:
    """Return one valid record per entity, or the given records as changes to it."""
    return {
        contract: pl.LazyFrame(
            [{**good, **row} for row in tables.get(entity(contract), [{}])],
            schema={**contract.fields(), "_corrupt_record": pl.String, "_operation": pl.String},
        )
        for contract, good in GOOD.items()
    }


def entity(contract: type[Bronze]) -> str:
    return contract.spec().table.removeprefix("bronze.")


def versions_of(raw: Raw, contract: type[Bronze] = bronze.Orders) -> pl.DataFrame:
    return entity_events(raw)[contract].sort("_order", "_record").collect()


def happened(raw: Raw) -> Raw:
    """Return all events in the order in which they are sent, each entity to one partition."""
    return {
        contract: events.sort("_order", "_record")
        .collect()
        .with_columns(_source=pl.lit("kafka/topic/0"), _position=pl.int_range(pl.len()))
        .lazy()
        for contract, events in entity_events(raw).items()
    }


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]  # numbers are never a zone


def test_an_order_appears_as_created_then_approved_shipped_delivered() -> None:
    versions = versions_of(shop())
    stages = ["order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date"]
    assert versions.select("order_status", *stages, "_event_time").rows() == [
        ("created", None, None, None, utc(2017, 11, 24, 12)),
        ("approved", "2017-11-24 11:00:00", None, None, utc(2017, 11, 24, 13)),
        ("shipped", *versions.row(3)[4:6], None, utc(2017, 11, 27, 11)),
        ("delivered", *versions.row(3)[4:7], utc(2017, 12, 4, 20)),
    ]
    assert versions.row(3, named=True).items() >= GOOD[bronze.Orders].items()


def test_the_last_version_has_the_status_of_the_source() -> None:
    gone = {"order_delivered_carrier_date": None, "order_delivered_customer_date": None}
    versions = versions_of(shop(orders=[{**gone, "order_status": "canceled"}]))
    assert versions["order_status"].to_list() == ["created", "canceled"]


def test_simultaneous_stages_are_one_version() -> None:
    versions = versions_of(shop(orders=[{"order_approved_at": "2017-11-24 10:00:00"}]))
    assert versions["order_status"].to_list() == ["approved", "shipped", "delivered"]


def test_stages_out_of_order_follow_the_clock() -> None:
    late: dict[str, str | None] = {
        "order_delivered_carrier_date": "2017-12-06 00:00:00",
        "order_approved_at": "2016-01-05 00:00:00",
    }
    versions = versions_of(shop(orders=[late]))
    assert versions["order_status"].to_list() == ["approved", "delivered", "delivered"]
    assert versions["order_delivered_carrier_date"].to_list() == [None, None, "2017-12-06 00:00:00"]


@pytest.mark.parametrize(
    ("spoilt", "when"),
    [
        ({"order_approved_at": "yesterday"}, utc(2017, 11, 24, 12)),
        ({"order_purchase_timestamp": None}, utc(2017, 12, 4, 20)),
        ({"order_purchase_timestamp": "2999-01-01 00:00:00"}, utc(2017, 12, 4, 20)),
        ({"_corrupt_record": "a,b", **dict.fromkeys(GOOD[bronze.Orders])}, utc(2017, 12, 4, 20)),
    ],
)
def test_an_invalid_order_has_one_event_within_the_time_of_valid_orders(
    spoilt: dict[str, str | None], when: datetime
) -> None:
    raw = shop(orders=[{}, {"order_id": "f" * 32, **spoilt}])
    versions = versions_of(raw).filter(pl.col("order_id").ne_missing(ORDER))
    assert versions["_event_time"].to_list() == [when]
    assert_frame_equal(
        versions.drop("_event_time", "_order", "_record"), raw[bronze.Orders].tail(1).collect()
    )


def test_without_a_valid_order_all_events_have_the_default_time() -> None:
    raw = shop(orders=[])
    assert versions_of(raw, bronze.Customers)["_event_time"].to_list() == [utc(2016, 1, 1)]


def test_referenced_entities_come_first() -> None:
    events = pl.concat(
        frame.select(pl.lit(entity(contract)).alias("entity"), "_order")
        for contract, frame in entity_events(shop()).items()
    )
    assert events.sort("_order").collect()["entity"].to_list() == [
        "product_category_name_translation",
        "geolocation",
        "customers",
        "products",
        "sellers",
        "orders",
        "order_items",
        "order_payments",
        *["orders"] * 3,
        "order_reviews",
    ]


def test_records_without_references_come_last() -> None:
    raw = shop(products=[{}, {"product_id": "f" * 32}], order_payments=[{"order_id": "f" * 32}])
    first, last = utc(2017, 11, 24, 12), utc(2017, 12, 4, 20)
    assert versions_of(raw, bronze.Products)["_event_time"].to_list() == [first, last]
    assert versions_of(raw, bronze.OrderPayments)["_event_time"].to_list() == [last]


def test_entities_outside_the_order_are_sent_as_plain_records_after_all_events() -> None:
    times = [utc(2019, 1, 2), utc(2015, 1, 1), utc(2017, 1, 1)]
    records = {
        "refund_id": ["b", None, "a"],
        "_corrupt_record": [None, "x,y", None],
        "_operation": ["upsert", None, "delete"],
    }
    raw: Raw = {Refunds: pl.LazyFrame({**records, "_event_time": times}), **shop()}
    sent = versions_of(raw, Refunds)
    assert_frame_equal(sent.drop("_order", "_record"), raw[Refunds].collect())
    events = entity_events(raw)
    for contract, expected in entity_events(shop()).items():
        assert_frame_equal(events[contract], expected, check_row_order=False)
        assert (events[contract].collect()["_order"] < sent["_order"].item(0)).all()


def deleted(**record: str) -> dict[str, str | None]:
    """Return the changes that make a good record a delete with only these columns."""
    columns = {name for good in GOOD.values() for name in good}
    return {**dict.fromkeys(columns), **record, "_operation": "delete"}


def test_a_delete_has_one_version_at_the_last_time_of_its_key() -> None:
    versions = versions_of(shop(orders=[deleted(order_id=f" {ORDER}"), {"_operation": "upsert"}]))
    times = [(2017, 11, 24, 12), (2017, 11, 24, 13), (2017, 11, 27, 11), *[(2017, 12, 4, 20)] * 2]
    assert versions["_event_time"].to_list() == [utc(*time) for time in times]
    assert versions["_operation"].to_list() == [*["upsert"] * 3, "delete", "upsert"]


def test_a_delete_with_all_columns_has_one_version() -> None:
    versions = versions_of(shop(orders=[{}, {"_operation": "delete"}]))
    assert versions["_operation"].to_list() == [*[None] * 4, "delete"]


def test_a_delete_of_an_unknown_key_comes_last() -> None:
    raw = shop(order_payments=[{}, deleted(order_id="f" * 32, payment_sequential="1")])
    payments = versions_of(raw, bronze.OrderPayments)
    assert payments["_event_time"].to_list() == [utc(2017, 11, 24, 12), utc(2017, 12, 4, 20)]


def test_an_hour_skipped_by_summer_time_is_moved_by_an_hour() -> None:
    raw = shop(order_reviews=[{"review_creation_date": "2017-10-15 00:00:00"}])
    assert versions_of(raw, bronze.OrderReviews)["_event_time"].to_list() == [utc(2017, 10, 15, 3)]


def test_the_key_of_a_message_is_the_natural_key_of_its_record_as_json() -> None:
    raw = shop(order_items=[{}, {"order_id": f" {ORDER} "}, {"order_item_id": None}])
    keys = raw[bronze.OrderItems].select(message_key(bronze.OrderItems)).collect()["key"]
    item = f'{{"order_id":"{ORDER}","order_item_id":"1"}}'
    assert keys.to_list() == [item, item, f'{{"order_id":"{ORDER}","order_item_id":null}}']
    point = raw[bronze.Geolocation].select(message_key(bronze.Geolocation)).collect().item()
    values = ["20040", "-22.9", "-43.2", "rio de janeiro", "RJ"]
    assert json.loads(point) == dict(zip(bronze.Geolocation.fields(), values, strict=True))


def test_the_natural_key_has_the_raw_columns_of_the_silver_key() -> None:
    assert natural_key(bronze.OrderReviews) == ["review_id", "order_id"]
    assert natural_key(bronze.Geolocation)[0] == "geolocation_zip_code_prefix"


def test_messages_have_one_key_if_silver_computes_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_events, "tables", lambda: tables(hashed_refunds))
    keys = pl.LazyFrame({"refund_id": ["a", "b"]}).with_columns(message_key(Refunds)).collect()
    assert keys["key"].to_list() == ["refunds", "refunds"]
    assert natural_key(Refunds) == []


ODD: dict[str, list[str | None]] = {
    "id": [f" {ORDER} ", "b" * 32, "short", None],
    "timestamp": [
        *("2017-10-14 23:30:00", "2017-10-15 00:30:00", "2017-10-15 01:30:00"),  # a skipped hour
        *("2018-02-17 23:30:00", "2018-02-18 00:30:00"),  # an hour that came twice
        *("2999-01-01 00:00:00", "yesterday", "", None),
    ],
    "status": ["created", "canceled", "shipped", "teleported"],
    "name": ["livros", "artes", "", None],
    "value": ["1", "01", "-3", "2.50", "2.5", "R$", None],
    "zip": ["20040", "01310", "1234X"],
}


def kind(name: str) -> str:
    if name.endswith(("_date", "_at", "_timestamp")):
        return "timestamp"
    return next((k for k in ("zip", "status", "name", "item_id") if k in name), name).replace(
        "item_id", "value"
    )


@st.composite
def shops(draw: st.DrawFn) -> Raw:
    """Draw a few records with common keys and some invalid values."""
    rows: dict[str, list[dict[str, str | None]]] = {}
    for contract in GOOD:
        spoilt = {
            name: st.sampled_from(ODD.get(kind(name), ODD["id" if "_id" in name else "value"]))
            for name in contract.fields()
        }
        some = st.fixed_dictionaries({}, optional=spoilt)
        corrupt = st.just({"_corrupt_record": "a,b", **dict.fromkeys(contract.fields())})
        rows[entity(contract)] = draw(st.lists(some | some | some | corrupt, max_size=4))
    return shop(**rows)


@examples(40)
@given(shops())
def test_the_stream_ends_in_the_same_silver_and_quarantine_as_the_files(raw: Raw) -> None:
    assert_same_end(raw)


@pytest.mark.parametrize(
    "tables",
    [
        {
            "orders": [
                {},
                {"order_status": "shipped", "order_delivered_customer_date": None},
                {"order_status": "approved", "order_approved_at": "2018-01-01 00:00:00"},
            ]
        },
        {
            "order_reviews": [
                {"review_score": "5", "review_creation_date": "2017-12-01 00:00:00"},
                {"review_score": "1", "review_creation_date": "2018-01-01 00:00:00"},
                {"review_score": "4", "review_creation_date": "yesterday"},
                {"review_score": "3", "review_creation_date": "2999-01-01 00:00:00"},
            ]
        },
    ],
)
def test_the_same_record_of_a_key_wins_in_events_and_files(
    tables: dict[str, list[dict[str, str | None]]],
) -> None:
    assert_same_end(shop(**tables))


def assert_same_end(raw: Raw) -> None:
    """Assert that files and events give the same silver rows and quarantined records."""
    events = happened(raw)
    dump = {
        contract: frame.with_columns(
            _event_time=pl.lit(utc(2019, 1, 1)),
            _source=pl.lit("file/digest/name.csv"),
            _position=pl.int_range(1, pl.len() + 1),
        )
        for contract, frame in raw.items()
    }
    for contract in GOOD:
        table = TYPED[contract]
        by_file, by_event = (
            validate_records(
                records[contract].with_columns(_operation=pl.lit(UPSERT)),
                table.function,
                table.contract,
            )
            for records in (dump, events)
        )
        assert_frame_equal(silver(by_file, table), silver(by_event, table))
        assert_frame_equal(quarantine(by_file, contract), quarantine(by_event, contract))


@examples(40)
@given(shops())
def test_the_last_version_of_every_record_is_the_record(raw: Raw) -> None:
    events = happened(raw)
    for contract in raw:
        columns = [*contract.fields(), "_corrupt_record"]
        there = raw[contract].group_by(columns).agg(there=pl.len())
        sent = events[contract].group_by(columns).agg(sent=pl.len())
        both = there.join(sent, on=columns, how="left", nulls_equal=True).collect()
        assert (both["sent"].fill_null(0) >= both["there"]).all()
        if contract is not bronze.Orders:
            assert both["sent"].sum() == sent.collect()["sent"].sum() == both["there"].sum()


def silver(validated: ValidatedRecords, table: Table) -> pl.DataFrame:
    key = list(table.contract.spec().key)
    return latest_versions(validated.valid, key).drop(SILVER_PROVENANCE.names()).sort(key).collect()


def quarantine(validated: ValidatedRecords, contract: type[Bronze]) -> pl.DataFrame:
    columns = [*contract.fields(), "_corrupt_record", "_broken_rules"]
    return validated.invalid.select(columns).sort(columns).collect()
