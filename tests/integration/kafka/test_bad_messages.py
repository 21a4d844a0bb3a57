"""Ten thousand bad messages among a hundred thousand good ones."""

import json
import random
from collections import Counter
from functools import partial
from itertools import cycle, islice
from typing import Any, NamedTuple
from uuid import uuid4

import polars as pl
import pytest
from confluent_kafka import KafkaError, Message, Producer

from contracts import bronze
from flows import delta
from flows.delta.outcome import Outcome
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.drain import drain
from flows.kafka.topics import create_topics, topic_of
from flows.refresh.source_tables import refresh_source_table
from tests.support.kafka.bad_messages import BAD_ORDERS, Bad, Headers, corrupt_text, encoded
from tests.support.kafka.broker import Broker
from tests.support.kafka.exactly_once import WATERMARK
from transforms.graph import tables

GOOD, BAD, LARGE = 100_000, 10_000, 5
SIZE = 5 << 20
"""Bytes of a large message."""
TIME = 1_511_535_600_000
KINDS = {
    **BAD_ORDERS,
    "large rubbish": Bad(lambda n: bytes([n % 256]) * SIZE, "corrupt"),
    "good": Bad(encoded, "accepted"),
}
ORIGIN = ["_source", "_position"]


class Sent(NamedTuple):
    """The lake, the messages (one per row), and the outcome of the refresh."""

    lake: str
    messages: pl.DataFrame
    """`kind`, `result`, `number`, `time` (Kafka's, milliseconds), and `_source` and `_position`."""
    refreshed: Outcome

    def found(self, table: str) -> pl.DataFrame:
        """Return the messages that a table has, joined with its rows."""
        rows = delta.scan(delta.open_existing(self.lake, table)).with_columns(WATERMARK).collect()
        return self.messages.join(rows, on=ORIGIN)

    def counts(self, *results: str) -> Counter[str]:
        """Return the number of messages sent of each kind."""
        return Counter(self.messages.filter(pl.col("result").is_in(results))["kind"])


@pytest.fixture(scope="module")
def sent(real_kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """Send all messages, drain and refresh."""
    settings = KafkaSettings(
        bootstrap=real_kafka.bootstrap, prefix=f"{uuid4()}.", group=str(uuid4()), batch_seconds=1
    )
    messages = send(settings)
    lake = str(tmp_path_factory.mktemp("bad") / "lake")
    assert sum(each.rows for each in drain(lake, settings)) == len(messages)
    return Sent(lake, messages, refresh_source_table(lake, tables()["silver.orders"]))


def send(settings: KafkaSettings) -> pl.DataFrame:
    topic = topic_of(settings, bronze.Orders)
    create_topics(settings, partitions=4)
    producer = Producer(client_config(settings, message_max_bytes=2 * SIZE, linger_ms=5))
    rows: list[tuple[Any, ...]] = []

    def note(kind: str, number: int, error: KafkaError | None, message: Message) -> None:
        assert error is None
        source = f"kafka/{message.topic()}/{message.partition()}"
        time = message.timestamp()[1]
        rows.append((kind, KINDS[kind].result, number, time, source, message.offset()))

    small = islice(cycle(BAD_ORDERS), BAD - LARGE)
    kinds = ["good"] * GOOD + ["large rubbish"] * LARGE + list(small)
    random.Random(3).shuffle(kinds)
    for number, kind in enumerate(kinds):
        message = KINDS[kind]
        headers: Headers = [("event_time", str(TIME)), ("schema_version", "1")]
        producer.produce(
            topic,
            message.value(number),
            headers=headers if message.headers is None else message.headers,
            on_delivery=partial(note, kind, number),
        )
        producer.poll(0 if len(producer) < GOOD // 2 else 1)
    assert producer.flush(60) == 0
    schema = ["kind", "result", "number", "time", *ORIGIN]
    return pl.DataFrame(rows, schema, orient="row")


def test_messages_are_of_more_than_twenty_kinds(sent: Sent) -> None:
    counts = sent.counts("corrupt", "quarantined", "accepted")
    assert counts.pop("good") == GOOD
    assert counts.pop("large rubbish") == LARGE
    assert counts.total() == BAD - LARGE
    assert len(counts) > 20
    assert max(counts.values()) - min(counts.values()) <= 1


def test_bronze_has_every_message_once(sent: Sent) -> None:
    rows = delta.scan(delta.open_existing(sent.lake, "bronze.orders"))
    there = rows.with_columns(WATERMARK).collect()
    assert len(there) == GOOD + BAD
    assert there.select(ORIGIN).sort(ORIGIN).equals(sent.messages.select(ORIGIN).sort(ORIGIN))


def test_bronze_keeps_only_the_value_of_a_corrupt_message(sent: Sent) -> None:
    there = sent.found("bronze.orders")
    corrupt = there.filter(pl.col("_corrupt_record").is_not_null())
    assert Counter(corrupt["kind"]) == sent.counts("corrupt")
    assert corrupt.select(*bronze.Orders.fields()).null_count().sum_horizontal().item() == (
        len(corrupt) * len(bronze.Orders.fields())
    )
    for kind, number, text in corrupt.select("kind", "number", "_corrupt_record").iter_rows():
        assert text == corrupt_text(KINDS[kind].value(number)), kind


def test_bronze_rescues_unknown_fields(sent: Sent) -> None:
    there = sent.found("bronze.orders").filter(pl.col("_rescued_data").is_not_null())
    assert Counter(there["kind"]) == Counter(
        {"unknown fields": sent.counts("accepted")["unknown fields"]}
    )
    for number, rescued in there.select("number", "_rescued_data").iter_rows():
        assert json.loads(rescued) == {"coupon": f"C{number}"}


def test_event_time_without_header_is_the_timestamp_of_kafka(sent: Sent) -> None:
    timeless = pl.col("kind").is_in(["no headers", "event time that is none"])
    expected = pl.when(timeless).then("time").otherwise(TIME)
    there = sent.found("bronze.orders")
    assert there.filter(pl.col("_event_time").dt.epoch("ms") != expected).is_empty()


def test_quarantine_has_rejected_messages_with_their_rules(sent: Sent) -> None:
    there = sent.found("quarantine.orders")
    assert Counter(there["kind"]) == sent.counts("corrupt", "quarantined")
    reasons = there.explode("_broken_rules").group_by("kind").agg(pl.col("_broken_rules").unique())
    said = {kind: set(rules) for kind, rules in reasons.iter_rows()}
    assert said["cut off"] == {"record_is_readable"}
    assert said["huge number"] == {"order_approved_at_is_a_timestamp"}
    assert said["wrong types"] == {"order_id_is_well_formed", "order_status_is_known"}


def test_silver_has_every_good_order(sent: Sent) -> None:
    silver = delta.scan(delta.open_existing(sent.lake, "silver.orders")).collect()
    accepted = sent.messages.filter(result="accepted")["number"]
    assert sorted(silver["order_id"]) == sorted(f"{number:032x}" for number in accepted)
    outcome = sent.refreshed
    assert (outcome.read, outcome.superseded) == (GOOD + BAD, 0)
    assert outcome.quarantined == sent.counts("corrupt", "quarantined").total()
