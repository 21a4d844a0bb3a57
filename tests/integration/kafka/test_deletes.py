"""Deletes from a real Kafka: tombstones, change events of Debezium, compaction, and produce."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts import bronze
from contracts.technical_columns import DELETE, UPSERT
from flows import delta
from flows.kafka.client import KafkaSettings
from flows.kafka.drain import drain
from flows.kafka.producer import produce
from flows.kafka.topics import create_topics, watermark_name
from flows.sample import write_sample
from tests.support.kafka.bad_messages import good_order
from tests.support.kafka.broker import Broker
from tests.support.kafka.orders import eventually, make_topic, own_settings, topic
from tests.support.refresh import refresh

Sent = tuple[Any, Any]
"""A key and a value. Null and bytes are sent as they are, anything else as JSON."""
MOMENT = 1_511_535_600_000
STEP = 10
"""Milliseconds from one message to the next."""


@pytest.fixture
def settings(real_kafka: Broker) -> Iterator[KafkaSettings]:
    """Settings with topics of their own."""
    settings = own_settings(real_kafka)
    yield settings
    AdminClient({"bootstrap.servers": settings.bootstrap}).delete_topics([topic(settings)])


def key(number: int) -> dict[str, str]:
    return {"order_id": f"{number:032x}"}


def send(settings: KafkaSettings, messages: Iterable[Sent]) -> None:
    """Send messages one after another, each `STEP` later than the one before."""
    producer = Producer({"bootstrap.servers": settings.bootstrap})
    for number, pair in enumerate(messages):
        sent = (
            each if each is None or isinstance(each, bytes) else json.dumps(each) for each in pair
        )
        name, value = sent
        producer.produce(topic(settings), value, name, timestamp=MOMENT + STEP * number)
        assert producer.flush(30) == 0


def orders(lake: str) -> pl.DataFrame:
    """Return the bronze rows in the order of the topic, without the time of their ingestion."""
    rows = delta.scan(delta.open_existing(lake, "bronze.orders"))
    return rows.drop("_ingested_at").sort("_position").collect()


def silver(lake: str) -> list[str]:
    """Refresh the orders of silver, and return their ids."""
    outcome = refresh(lake, "silver.orders")["silver.orders"]
    assert outcome.read == delta.rows(delta.open_existing(lake, "bronze.orders"))
    return sorted(ids(lake, "silver.orders"))


def ids(lake: str, table: str) -> set[str]:
    rows = delta.scan(delta.open_existing(lake, table))
    return {*rows.select("order_id").unique().collect()["order_id"]}


def order_id(number: int) -> str:
    return key(number)["order_id"]


def deleted(lake: str) -> list[str]:
    return orders(lake).filter(_operation=DELETE)["order_id"].to_list()


def change(operation: str, number: int, time: int, **parts: Any) -> dict[str, Any]:
    """Return an envelope; the table has REPLICA IDENTITY FULL."""
    row = good_order(number)
    return {
        "before": None if operation in "cr" else row,
        "after": None if operation == "d" else row,
        "source": {"connector": "postgresql", "ts_ms": MOMENT + time - 90, "table": "orders"},
        "transaction": None,
        "op": operation,
        "ts_ms": MOMENT + time,
        **parts,
    }


def wrapped(payload: Any) -> dict[str, Any]:
    return {"schema": {"type": "struct", "optional": False, "fields": []}, "payload": payload}


def test_tombstones_delete_what_their_keys_name(lake: str, settings: KafkaSettings) -> None:
    make_topic(settings)
    unusable = [None, b"", b"2", {"order_id": None}, {"id": "2"}, {**key(2), "more": 1}]
    send(
        settings,
        [
            (key(1), good_order(1)),
            (key(1), None),
            (wrapped(key(3)), None),
            *((each, None) for each in unusable),
            (key(1), good_order(1)),
        ],
    )
    (done,) = drain(lake, settings)
    assert (done.rows, done.corrupt, done.offset) == (10, len(unusable), 9)
    rows = orders(lake)
    assert deleted(lake) == [order_id(1), order_id(3)]
    assert rows["_corrupt_record"].to_list() == [*[None] * 3, *["null"] * len(unusable), None]
    assert rows["_event_time"].dt.epoch("ms").to_list() == [
        MOMENT + STEP * number for number in range(10)
    ]
    assert drain(lake, settings) == []
    assert silver(lake) == [order_id(1)]


CHANGES: list[Sent] = [
    (key(1), change("r", 1, 0)),
    (key(2), change("c", 2, 10)),
    (key(2), change("u", 2, 20)),
    (key(2), change("d", 2, 30)),
    (key(2), None),
    (key(2), change("c", 2, 31)),
    (wrapped(key(3)), wrapped(change("c", 3, 40))),
    (wrapped(key(3)), wrapped(change("d", 3, 41, before=None))),
    (wrapped(key(3)), None),
    (None, change("t", 0, 50, before=None, after=None)),
    (None, change("d", 4, 60, before=None)),
    (key(5), change("c", 5, 70, after=None)),
    (key(6), None),
]


def test_change_events_become_upserts_and_deletes(lake: str, settings: KafkaSettings) -> None:
    make_topic(settings)
    send(settings, CHANGES)
    (done,) = drain(lake, settings.model_copy(update={"topics_format": "debezium"}))
    assert (done.rows, done.corrupt) == (len(CHANGES), 3)
    rows = orders(lake)
    assert rows["order_id"].to_list() == [
        None if number is None else order_id(number)
        for number in [1, 2, 2, 2, 2, 2, 3, 3, 3, None, None, None, 6]
    ]
    up, down = UPSERT, DELETE
    assert rows["_operation"].to_list() == [
        *[up, up, up, down, down, up, up, down, down, None, None, None, down]
    ]
    times = [0, 10, 20, 30, 30, 31, 40, 41, 41, 90, 100, 110, 120]  # the last four are Kafka's
    assert (rows["_event_time"].dt.epoch("ms") - MOMENT).to_list() == times
    assert rows.row(2, named=True).items() >= good_order(2).items()
    reasons = rows["_rescued_data"].drop_nulls().str.json_path_match("$._reason")
    assert reasons.to_list() == [
        "it has no `op` of c, u, r or d",
        "neither `before` nor the key has the natural key",
        "it has no `after`",
    ]
    assert silver(lake) == [order_id(1), order_id(2)]


def test_batches_of_any_size_give_the_same_rows(
    lake: str, tmp_path: Path, settings: KafkaSettings
) -> None:
    make_topic(settings)
    send(settings, CHANGES)
    debezium = settings.model_copy(update={"topics_format": "debezium"})
    drain(lake, debezium)
    single = str(tmp_path / "single")
    drain(
        single, debezium.model_copy(update={"batch_rows": 1, "group": f"{settings.group} single"})
    )
    assert delta.open_existing(single, "bronze.orders").version() == len(CHANGES)
    assert orders(single).equals(orders(lake))


def test_envelopes_are_not_recognised_in_plain_topics(lake: str, settings: KafkaSettings) -> None:
    make_topic(settings)
    send(settings, [(key(1), change("c", 1, 0))])
    drain(lake, settings)
    (row,) = orders(lake).rows(named=True)
    assert row["order_id"] is None
    assert json.loads(row["_rescued_data"])["after"] == good_order(1)


@pytest.mark.parametrize("form", ["plain", "debezium"])
def test_a_compacted_topic_gives_the_latest_version_of_each_key(
    lake: str, settings: KafkaSettings, form: str
) -> None:
    make_topic(
        settings,
        cleanup_policy="compact",
        segment_ms="1",
        min_cleanable_dirty_ratio="0.001",
        delete_retention_ms="86400000",
    )

    def record(operation: str, number: int, time: int) -> Any:
        plain = None if operation == "d" else good_order(number)
        return change(operation, number, STEP * time) if form == "debezium" else plain

    send(
        settings,
        [
            (key(1), record("c", 1, 0)),
            (key(2), record("c", 2, 1)),
            (key(3), record("c", 3, 2)),
            (key(1), record("u", 1, 3)),
            (key(2), record("d", 2, 4)),
            (key(2), None),
            (key(3), record("d", 3, 6)),
            (key(3), None),
            (key(3), record("c", 3, 8)),
            (key(4), record("c", 4, 9)),  # Kafka does not compact the segment of the last message
        ],
    )
    left = [3, 5, 8, 9]
    eventually(lambda: offsets(settings) == left)
    (done,) = drain(lake, settings.model_copy(update={"topics_format": form}))
    assert (done.rows, done.corrupt, done.offset) == (4, 0, 9)
    rows = orders(lake)
    assert rows["_position"].to_list() == left
    assert rows["order_id"].to_list() == [order_id(number) for number in (1, 2, 3, 4)]
    assert rows["_operation"].to_list() == [UPSERT, DELETE, UPSERT, UPSERT]
    assert ((rows["_event_time"].dt.epoch("ms") - MOMENT) // STEP).to_list() == left
    assert drain(lake, settings) == []
    assert silver(lake) == [order_id(number) for number in (1, 3, 4)]


def offsets(settings: KafkaSettings) -> list[int]:
    """Return the offsets of the messages in the topic."""
    reader = Consumer(
        {
            "bootstrap.servers": settings.bootstrap,
            "group.id": "reader",
            "enable.partition.eof": True,
        }
    )
    reader.assign([TopicPartition(topic(settings), 0, 0)])
    found: list[int] = []
    while True:
        (message,) = reader.consume(1, timeout=10) or pytest.fail("the topic does not end")
        if message.error():
            break
        found.append(message.offset() or 0)
    reader.close()
    return found


def test_drain_after_produce_with_deletes(
    lake: str, tmp_path: Path, settings: KafkaSettings
) -> None:
    landing = tmp_path / "landing"
    write_sample(landing, 60, seed=4)
    create_topics(settings, partitions=2)
    sent = produce(str(landing), settings, deletes=0.2).confirmed
    done = drain(lake, settings)
    assert sum(each.rows for each in done) == sum(sent.values())
    assert sum(each.corrupt for each in done) == 0
    gone = set(deleted(lake))
    assert 0 < len(gone) < 60
    for contract in (bronze.OrderItems, bronze.OrderPayments, bronze.OrderReviews):
        table = delta.open_existing(lake, contract.spec().table)
        rows = delta.scan(table).collect()
        deletes = rows.filter(_operation=DELETE)
        assert set(deletes["order_id"]) <= gone
        upserts = rows.filter(pl.col("order_id").is_in(list(gone)), _operation=UPSERT)
        assert len(deletes) == len(upserts.unique(contract.fields().names()[:2]))
        last = rows.filter(_operation=UPSERT).select(pl.col("_event_time").max()).item()
        assert (deletes["_event_time"] > last).all()
        for partition in (0, 1):
            name = watermark_name(settings.prefix + contract.spec().name, partition)
            assert delta.consumed(table, name) is not None
    assert drain(lake, settings) == []
    refresh(lake)
    entities = ("orders", "order_items", "order_payments", "order_reviews")
    for name in (*(f"silver.{each}" for each in entities), "gold.fact_orders", "gold.fact_sales"):
        assert not ids(lake, name) & gone, name
    assert len(ids(lake, "gold.fact_orders")) == 60 - len(gone)
