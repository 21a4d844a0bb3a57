"""Source files to Kafka: in order and confirmed, despite errors of clients and brokers."""

import ctypes
import json
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import polars as pl
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition, cimpl
from pydantic import SecretStr
from typer.testing import CliRunner

from flows.cli import app
from flows.config.errors import SettingError
from flows.ingest.csv_reader import inspect_csv
from flows.kafka.client import KafkaSettings
from flows.kafka.event_spool import Event
from flows.kafka.producer import UnconfirmedError, deliver, produce
from tests.support.good_records import GOOD
from transforms.order_events import ENTITY_ORDER

Message = tuple[str | None, str | None, dict[str, str]]

librdkafka = ctypes.CDLL(cimpl.__file__)
librdkafka.rd_kafka_handle_mock_cluster.restype = ctypes.c_void_p
PRODUCE_REQUEST = 0


class Cluster:
    """Librdkafka's broker for tests, with controls that Python's client lacks."""

    def __init__(self) -> None:
        """Start the broker; it ends with this object."""
        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 2})
        (broker,) = self._owner.list_topics(timeout=10).brokers.values()
        self.bootstrap = f"{broker.host}:{broker.port}"
        # A client of confluent-kafka is a Python object's head, then its librdkafka handle.
        handle = ctypes.c_void_p.from_address(id(self._owner) + object.__basicsize__)
        self._cluster = ctypes.c_void_p(librdkafka.rd_kafka_handle_mock_cluster(handle))

    def down(self) -> None:
        """Close all connections and refuse new ones."""
        assert librdkafka.rd_kafka_mock_broker_set_down(self._cluster, 1) == 0

    def up(self) -> None:
        """Accept connections again."""
        assert librdkafka.rd_kafka_mock_broker_set_up(self._cluster, 1) == 0

    def fail_next_batch(self, error: int) -> None:
        """Answer the next request to store messages with an error."""
        librdkafka.rd_kafka_mock_push_request_errors(
            self._cluster, ctypes.c_int16(PRODUCE_REQUEST), ctypes.c_size_t(1), ctypes.c_int(error)
        )

    def messages(self, topic: str) -> list[Message]:
        """Return key, value and headers of all messages of a topic, each partition in order."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "test"})
        places = [
            TopicPartition(topic, partition, 0)
            for partition in reader.list_topics(topic, timeout=10).topics[topic].partitions
        ]
        missing = {p.partition: reader.get_watermark_offsets(p, timeout=10)[1] for p in places}
        reader.assign(places)
        found: list[Message] = []
        while any(missing.values()):
            (message,) = reader.consume(1, timeout=10) or pytest.fail(f"{missing} did not come")
            assert message.error() is None
            missing[message.partition() or 0] -= 1
            key, value, headers = message.key(), message.value(), message.headers()
            assert isinstance(headers, list)
            found.append(
                (
                    key.decode() if isinstance(key, bytes) else None,
                    value.decode() if isinstance(value, bytes) else None,
                    {
                        name: header.decode()
                        for name, header in headers
                        if isinstance(header, bytes)
                    },
                )
            )
        reader.close()
        return found

    def config(self, **more: object) -> dict[str, object]:
        """The client configuration of `produce`, with short delays."""
        return {
            "bootstrap.servers": self.bootstrap,
            "enable.idempotence": True,
            "enable.gapless.guarantee": True,
            "message.timeout.ms": 0,
            "reconnect.backoff.max.ms": 200,
            "log_level": 2,
            **{name.replace("_", "."): value for name, value in more.items()},
        }


IDS = [digit * 32 for digit in "abc"]
KEYS = [f'{{"order_id":"{each}"}}' for each in IDS]


@pytest.fixture
def cluster() -> Cluster:
    """A broker that lives as long as the test."""
    return Cluster()


def events(count: int) -> list[Event]:
    """Return versions 0, 1, 2, ... of three keys in turn."""
    return [Event("orders", KEYS[i % 3], str(i), 1_500_000_000_000 + i) for i in range(count)]


def meanwhile(wanted: Iterable[Event], after: int, happens: object) -> Iterator[Event]:
    """Yield the events, and call a function before one of them."""
    for number, event in enumerate(wanted):
        if number == after:
            assert callable(happens)
            happens()
        yield event


def assert_all_there_in_order(messages: list[Message], sent: list[Event]) -> None:
    """Assert that no event is missing, and that first arrivals of a key are in order."""
    for key in {event.key for event in sent}:
        arrived = list(dict.fromkeys(value for k, value, _ in messages if k == key))
        assert arrived == [event.value for event in sent if event.key == key]


def test_deliver_confirms_all_in_order_per_key(cluster: Cluster) -> None:
    sent = events(1000)
    assert deliver(cluster.config(), "t.", sent) == {"t.orders": 1000}
    arrived = cluster.messages("t.orders")
    assert len(arrived) == 1000
    assert_all_there_in_order(arrived, sent)
    assert {value: headers for _, value, headers in arrived}["7"] == {
        "event_time": "1500000000007",
        "schema_version": "1",
    }


def test_deliver_waits_while_the_queue_is_full(cluster: Cluster) -> None:
    sent = events(300)
    config = cluster.config(queue_buffering_max_messages=2, linger_ms=1)
    assert deliver(config, "t.", sent) == {"t.orders": 300}
    arrived = cluster.messages("t.orders")
    assert len(arrived) == 300
    assert_all_there_in_order(arrived, sent)


@pytest.mark.parametrize(
    "error",
    [
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,  # fatal: the client is unusable
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    ],
)
def test_deliver_resends_in_order_after_an_error(cluster: Cluster, error: int) -> None:
    sent = events(300)
    # Unlike a broker, the cluster would accept the next batch of a key. With these properties there
    # is none before the error is known, as a full queue is one batch per partition.
    assert deliver(
        cluster.config(linger_ms=200, queue_buffering_max_messages=50),
        "t.",
        meanwhile(sent, 150, lambda: cluster.fail_next_batch(error)),
    ) == {"t.orders": 300}
    assert_all_there_in_order(cluster.messages("t.orders"), sent)


def test_deliver_survives_an_outage_of_the_brokers(cluster: Cluster) -> None:
    sent = events(300)

    def away() -> None:
        cluster.down()
        threading.Timer(1.5, cluster.up).start()

    config = cluster.config(queue_buffering_max_messages=50)
    assert deliver(config, "t.", meanwhile(sent, 150, away), give_up_after=60) == {"t.orders": 300}
    assert_all_there_in_order(cluster.messages("t.orders"), sent)


def test_deliver_gives_up_and_names_unconfirmed_messages(cluster: Cluster) -> None:
    unread = iter(events(1000))
    cluster.down()
    config = cluster.config(queue_buffering_max_messages=10)
    with pytest.raises(UnconfirmedError) as raised:
        deliver(config, "t.", unread, give_up_after=1)
    named = ", ".join(f"t.orders {key}" for key in [*KEYS, *KEYS[:2]])
    expected = f"not confirmed: 11 of 11 messages, first {named};"
    assert str(raised.value).startswith(expected)
    assert next(unread).value == "11", "events are read no faster than Kafka takes them"
    cluster.up()
    later = [Event("orders", KEYS[0], f"later {i}", 0) for i in range(8)]
    deliver(cluster.config(), "t.", later, rate=4)
    assert [value for _, value, _ in cluster.messages("t.orders")] == [e.value for e in later]


@pytest.mark.parametrize(
    ("key", "named"),
    [
        (f'{{"a_id":"{IDS[0]}","n":"1"}}', f'{{"a_id":"{IDS[0]}","n":"1"}}'),
        (f'{{"a_id":"{IDS[0]}","b_id":"{IDS[1]}"}}', f'{{"a_id":"{IDS[0]}","b_id":"{IDS[1]}"}}'),
        (None, "(no key)"),
        (f'{{"a_id":"{IDS[0]}","mail":"ana@example.com"}}', "(a key that is not an id)"),
    ],
)
def test_deliver_names_a_too_large_message_and_sends_all_others(
    cluster: Cluster, key: str | None, named: str
) -> None:
    large = Event("orders", key, "x" * 2_000_000, 0)
    with pytest.raises(
        UnconfirmedError,
        match=rf": 1 of 10 messages.* t\.orders {re.escape(named)}; .*too large",
    ):
        deliver(cluster.config(), "t.", [*events(5), large, *events(4)])
    assert len(cluster.messages("t.orders")) == 9


def test_deliver_keeps_to_the_rate(cluster: Cluster) -> None:
    started = monotonic()
    deliver(cluster.config(), "t.", events(31), rate=100)
    assert monotonic() - started >= 0.3


ORDER = "a" * 32
ORDERS = GOOD["orders"]
PAYMENT = {
    "order_id": ORDER,
    "payment_sequential": "1",
    "payment_type": "boleto",
    "payment_installments": None,
    "payment_value": 'R$ "1"',
}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing zone with an order and its payment."""
    pl.DataFrame([ORDERS]).write_csv(tmp_path / "orders.csv")
    pl.DataFrame([PAYMENT]).write_csv(tmp_path / "order_payments.csv")
    return tmp_path


@pytest.fixture
def kafka(cluster: Cluster) -> KafkaSettings:
    """The settings of that broker."""
    return KafkaSettings.model_validate({"bootstrap": cluster.bootstrap})


def test_produce_sends_each_version_of_an_order(
    landing: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    registry = SecretStr("mock://registry")
    done = produce(str(landing), kafka.model_copy(update={"registry": registry}))
    assert (dict(done.confirmed), done.rejected) == (
        {"olist.orders": 4, "olist.order_payments": 1},
        (),
    )
    versions = cluster.messages("olist.orders")
    assert {key for key, _, _ in versions} == {f'{{"order_id":"{ORDER}"}}'}
    values = [json.loads(value or "") for _, value, _ in versions]
    assert [v["order_status"] for v in values] == ["created", "approved", "shipped", "delivered"]
    assert values[-1] == ORDERS
    first = datetime.fromtimestamp(int(versions[0][2]["event_time"]) / 1000, UTC)
    assert first == datetime(2017, 11, 24, 12, tzinfo=UTC)
    ((key, value, _),) = cluster.messages("olist.order_payments")
    assert json.loads(key or "") == {"order_id": ORDER, "payment_sequential": "1"}
    assert json.loads(value or "") == PAYMENT


def test_produce_sends_a_corrupt_record_as_text(
    landing: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    with (landing / "order_payments.csv").open("a") as file:
        file.write('too,few "fields"\n')
    assert produce(str(landing), kafka).confirmed["olist.order_payments"] == 2
    keys_and_values = [message[:2] for message in cluster.messages("olist.order_payments")]
    assert (None, 'too,few "fields"') in keys_and_values


def test_produce_sends_a_tombstone_for_a_delete(
    tmp_path: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    delete = dict.fromkeys(ORDERS) | {"order_id": ORDER, "_op": "delete"}
    pl.DataFrame([{**ORDERS, "_op": None}, delete]).write_csv(tmp_path / "orders.csv")
    produce(str(tmp_path), kafka)
    *versions, (key, value, headers) = cluster.messages("olist.orders")
    assert (key, value) == (f'{{"order_id":"{ORDER}"}}', None)
    assert json.loads(versions[-1][1] or "") == ORDERS
    assert headers["event_time"] == versions[-1][2]["event_time"]


def test_produce_rejects_a_file_with_other_operations(
    tmp_path: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    rows = [{**ORDERS, "_op": operation} for operation in ("upsert", " delete ", "", "erase", "?")]
    pl.DataFrame(rows).write_csv(tmp_path / "orders.csv")
    done = produce(str(tmp_path), kafka)
    assert done.rejected == (
        "orders.csv: the column _op is neither upsert nor delete in 2 records; correct them",
    )
    assert cluster.messages("olist.orders") == []


def test_produce_deletes_a_share_of_the_orders_at_the_end(
    landing: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    done = produce(str(landing), kafka, deletes=1)
    assert done.confirmed == {"olist.orders": 5, "olist.order_payments": 2}
    for topic in done.confirmed:
        *versions, (key, value, headers) = cluster.messages(topic)
        assert (key, value) == (versions[0][0], None)
        assert all(int(headers["event_time"]) > int(each["event_time"]) for *_, each in versions)


@pytest.mark.parametrize("share", ["-0.1", "1.01", "nan", "inf"])
def test_produce_rejects_a_share_outside_zero_to_one(landing: Path, share: str) -> None:
    command = ["produce", "--source", str(landing), "--bootstrap", "127.0.0.1:1"]
    failed = CliRunner().invoke(app, [*command, "--deletes", share])
    assert isinstance(failed.exception, SettingError)
    assert str(failed.exception) == (
        f"deletes is {float(share)}; it must be a share of the orders, from 0 to 1"
    )


def test_produce_sends_nothing_to_topics_of_change_events(
    landing: Path, kafka: KafkaSettings
) -> None:
    debezium = kafka.model_copy(update={"topics_format": "debezium"})
    with pytest.raises(SettingError, match=r"topics olist\.\* is debezium; use another prefix"):
        produce(str(landing), debezium)


def test_produce_names_rejected_files_and_sends_the_others(
    landing: Path, kafka: KafkaSettings
) -> None:
    (landing / "notes.csv").write_text("a,b\n1,2\n")
    (landing / "sellers.csv").write_text("seller_id\n1\n")
    pl.DataFrame([{**ORDERS, "note": "hello"}]).write_csv(landing / "orders_more.csv")
    done = produce(str(landing), kafka)
    assert sum(done.confirmed.values()) == 5
    assert sorted(reason.partition(":")[0] for reason in done.rejected) == [
        "notes.csv",
        "orders_more.csv",
        "sellers.csv",
    ]
    assert any("'note'" in reason for reason in done.rejected)


def test_a_folder_without_files_of_a_table_is_an_error(
    tmp_path: Path, kafka: KafkaSettings
) -> None:
    for found in ("0 files", r"0 files .*1 other file\)"):
        with pytest.raises(FileNotFoundError, match=f"{tmp_path}: {found}"):
            produce(str(tmp_path), kafka)
        (tmp_path / "notes.txt").write_text("no table")


def test_produce_checks_the_folder_before_kafka(tmp_path: Path) -> None:
    nowhere = ["produce", "--source", str(tmp_path / "typo"), "--bootstrap", "127.0.0.1:1"]
    failed = CliRunner().invoke(app, nowhere)
    assert isinstance(failed.exception, FileNotFoundError)
    assert "typo" in str(failed.exception)


def test_produce_sends_nothing_when_the_registry_is_unreachable(
    landing: Path, cluster: Cluster, kafka: KafkaSettings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ConnectionError):
            produce(str(landing), kafka.model_copy(update={"registry": SecretStr(url)}))
        arguments = ["produce", "--source", str(landing), "--bootstrap", cluster.bootstrap]
        failed = CliRunner().invoke(app, [*arguments, "--registry", url])
        assert isinstance(failed.exception, ConnectionError)
    assert cluster.messages("olist.orders") == []


def test_produce_sends_every_record_of_the_real_files(olist: Path, kafka: KafkaSettings) -> None:
    done = produce(str(olist), kafka)
    assert done.rejected == ()
    (customers,) = olist.glob("*customers*")
    assert done.confirmed["olist.customers"] == inspect_csv(customers).records
    assert len(done.confirmed) == len(ENTITY_ORDER)
