"""Change events of Debezium, written by hand after its documentation, as bronze rows."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Message

from contracts import bronze
from contracts.technical_columns import DELETE, UPSERT, stored_schema
from flows.kafka.debezium import change_rows

ITEM = {
    "order_id": "a",
    "order_item_id": "1",
    "product_id": "p",
    "seller_id": "s",
    "shipping_limit_date": "2017-11-29 10:00:00",
    "price": "99.90",
    "freight_value": "10.10",
}
KEY = {"order_id": "a", "order_item_id": "1"}
MOMENT = 1_559_033_904_961
SOURCE = {
    "version": "3.2.0.Final",
    "connector": "postgresql",
    "name": "shop",
    "ts_ms": MOMENT - 98,
    "snapshot": "false",
    "db": "shop",
    "schema": "public",
    "table": "order_items",
    "txId": 556,
    "lsn": 46_523_128,
    "xmin": None,
}
ENVELOPE = {
    "before": None,
    "after": ITEM,
    "source": SOURCE,
    "transaction": None,
    "op": "c",
    "ts_ms": MOMENT,
    "ts_us": MOMENT * 1000 + 621,
    "ts_ns": MOMENT * 1_000_000 + 621_379,
}
DELETED = ENVELOPE | {"op": "d", "before": ITEM, "after": None}


def event(
    value: Any, key: Any = KEY, offset: int = 0, sent: int = MOMENT + 500, partition: int = 0
) -> Message:
    """Return a message; a value or key of None is null."""
    value, key = (each if each is None else json.dumps(each).encode() for each in (value, key))
    return Message(
        topic="t", partition=partition, offset=offset, key=key, value=value, timestamp=(1, sent)
    )


def rows(*batch: Message, before: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return the rows of a batch; `before` is the bronze row before it."""
    found = change_rows(bronze.OrderItems, batch, {}, lambda *_: before)
    assert found.schema == stored_schema(bronze.OrderItems)
    return found


def row(message: Message) -> dict[str, Any]:
    return rows(message).row(0, named=True)


def columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ITEM}


def milliseconds(found: pl.DataFrame) -> list[int]:
    return found["_event_time"].dt.epoch("ms").to_list()


@pytest.mark.parametrize("operation", ["c", "u", "r"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_after_is_an_upsert_at_its_time(operation: str, wrapped: bool) -> None:
    envelope = ENVELOPE | {"op": operation, "before": ITEM if operation == "u" else None}
    value = {"schema": {"type": "struct", "fields": []}, "payload": envelope}
    found = row(event(value if wrapped else envelope))
    assert columns(found) == ITEM
    assert found["_event_time"] == datetime(2019, 5, 28, 8, 58, 24, 961_000, UTC)
    assert found["_operation"] == UPSERT
    assert found["_rescued_data"] is found["_corrupt_record"] is None


def test_numbers_keep_their_digits_and_unknown_columns_are_rescued() -> None:
    after = ITEM | {"order_item_id": 1, "price": 99.5, "gift": True}
    found = row(event(ENVELOPE | {"after": after}))
    assert columns(found) == ITEM | {"order_item_id": "1", "price": "99.5"}
    assert json.loads(found["_rescued_data"]) == {"gift": True}


@pytest.mark.parametrize(
    ("before", "key"),
    [
        (ITEM, None),
        (KEY, KEY),
        (dict.fromkeys(ITEM) | KEY, {"id": 7}),  # REPLICA IDENTITY DEFAULT
        (None, KEY),  # REPLICA IDENTITY NOTHING
        ({"product_id": "p"}, KEY),  # REPLICA IDENTITY USING INDEX
        (None, {"schema": {"type": "struct"}, "payload": {"order_id": "a", "order_item_id": 1}}),
    ],
)
def test_a_delete_has_the_key_of_before_or_of_the_message(before: Any, key: Any) -> None:
    found = row(event(DELETED | {"before": before}, key))
    assert columns(found) == dict.fromkeys(ITEM) | KEY
    assert (found["_operation"], found["_corrupt_record"]) == (DELETE, None)
    assert found["_event_time"] == datetime(2019, 5, 28, 8, 58, 24, 961_000, UTC)


UNTIMED = {name: value for name, value in ENVELOPE.items() if name != "ts_ms"}
NO_OPERATION = "it has no `op` of c, u, r or d"
NO_ROW = "it has no `after`"
NO_TIME = "it has no `ts_ms` in milliseconds since 1970"
NO_KEY = "neither `before` nor the key has the natural key"


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        ({"source": SOURCE, "op": "t", "ts_ms": MOMENT}, None, NO_OPERATION),
        (
            {"source": SOURCE, "op": "m", "ts_ms": MOMENT, "message": {"prefix": "foo"}},
            {"prefix": "foo"},
            NO_OPERATION,
        ),
        (ENVELOPE | {"op": ["c"]}, KEY, NO_OPERATION),
        (ITEM, KEY, NO_OPERATION),
        ({}, KEY, NO_OPERATION),
        ({"schema": None, "payload": None}, KEY, NO_OPERATION),
        ({"payload": ENVELOPE}, KEY, NO_OPERATION),
        (ENVELOPE | {"after": None}, KEY, NO_ROW),
        (ENVELOPE | {"op": "u", "after": "a"}, KEY, NO_ROW),
        ({"op": "r", "ts_ms": MOMENT}, KEY, NO_ROW),
        (DELETED | {"before": None}, None, NO_KEY),
        (DELETED | {"before": {"order_id": "a"}}, {"order_id": "a"}, NO_KEY),
        (DELETED | {"before": KEY | {"order_id": " "}}, None, NO_KEY),
        (UNTIMED, KEY, NO_TIME),
        (ENVELOPE | {"ts_ms": None}, KEY, NO_TIME),
        (ENVELOPE | {"ts_ms": "1559033904961"}, KEY, NO_TIME),
        (ENVELOPE | {"ts_ms": True}, KEY, NO_TIME),
        (ENVELOPE | {"ts_ms": -1}, KEY, NO_TIME),
        (ENVELOPE | {"ts_ms": 10**14}, KEY, NO_TIME),
        (
            ENVELOPE | {"after": ITEM | {"price": {"scale": 2, "value": "Jwk="}}},
            KEY,
            "a column holds an object or an array",
        ),
        (
            ENVELOPE | {"after": ITEM | {"product_id": "__debezium_unavailable_value"}},
            KEY,
            "a column is unavailable; set REPLICA IDENTITY FULL for its table",
        ),
        ([ENVELOPE], KEY, "it is not a JSON object"),
        (None, None, "its key is not the natural key"),
        (None, ITEM, "its key is not the natural key"),
    ],
)
def test_any_other_message_is_a_corrupt_record_with_its_reason(
    value: Any, key: Any, reason: str
) -> None:
    found = row(event(value, key))
    assert json.loads(found["_rescued_data"]) == {"_reason": reason}
    assert found["_corrupt_record"] == json.dumps(value)
    assert columns(found) == dict.fromkeys(ITEM)
    assert found["_operation"] is None
    assert found["_event_time"] == datetime(2019, 5, 28, 8, 58, 25, 461_000, UTC)


@pytest.mark.parametrize("value", [b"?", b"\xff", b"", b"[" * 100_000, b'{"op": NaN}'])
def test_a_value_that_is_no_json_is_a_corrupt_record(value: bytes) -> None:
    found = row(Message(topic="t", partition=0, offset=0, value=value))
    assert found["_corrupt_record"] == ("base64:/w==" if value == b"\xff" else value.decode())


def test_a_tombstone_has_the_time_of_the_delete_before_it() -> None:
    again = ENVELOPE | {"ts_ms": MOMENT + 2}
    found = rows(event(DELETED, offset=7), event(None, offset=8), event(again, offset=9))
    assert milliseconds(found) == [MOMENT, MOMENT, MOMENT + 2]
    assert found["_operation"].to_list() == [DELETE, DELETE, UPSERT]


def test_a_tombstone_has_the_time_of_the_delete_in_an_earlier_batch() -> None:
    before = rows(event(DELETED, offset=7)).row(0, named=True)
    assert milliseconds(rows(event(None, offset=8), before=before)) == [MOMENT]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [event(DELETED, offset=6)],  # compaction has removed the offset between
        [event(DELETED, offset=7, partition=1)],
        [event(DELETED | {"before": KEY | {"order_item_id": "2"}}, offset=7)],
        [event(ENVELOPE, offset=7)],
        [event(DELETED, offset=6), event(ENVELOPE, offset=7)],
        [event(DELETED | {"ts_ms": None}, offset=7)],
    ],
)
def test_any_other_tombstone_has_its_own_time(before: list[Message]) -> None:
    found = rows(*before, event(None, offset=8, sent=MOMENT + 900))
    assert milliseconds(found)[-1] == MOMENT + 900
    assert found["_operation"][-1] == DELETE


def test_the_earlier_row_is_looked_up_only_before_a_tombstone() -> None:
    asked: list[tuple[str, str, int]] = []

    def find_row(*wanted: Any) -> None:
        asked.append(wanted)

    batch = [event(DELETED, offset=7), event(None, offset=8)]
    batch += [event(None, offset=5, partition=1), event(None, offset=6, partition=1)]
    change_rows(bronze.OrderItems, batch, {("t", 1): 10}, find_row)
    assert asked == [("t", "kafka/t/1/000000000000000a", 4)]


def test_empty_batch_has_no_rows() -> None:
    assert rows().is_empty()
