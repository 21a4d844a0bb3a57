"""The brokers: one inside librdkafka (real TCP, no installation), and a real Kafka."""

import ctypes
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from confluent_kafka import Producer, cimpl

from contracts import bronze
from flows.kafka.client import KafkaSettings
from tests.support.kafka.real import real_kafka

__all__ = ["real_kafka"]

Produce = Callable[..., None]

ORDER = dict.fromkeys(bronze.Orders.fields().names(), "?")


@pytest.fixture
def lake(tmp_path: Any) -> str:
    """The location of a new lake."""
    return str(tmp_path / "lake")


@pytest.fixture
def mock_kafka() -> Iterator[str]:
    """The address of a mock broker; its topics have four partitions."""
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 3})
    _form_groups_at_once(owner)
    brokers = owner.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    del owner  # the broker ends with this producer


@pytest.fixture
def settings(mock_kafka: str) -> KafkaSettings:
    """Settings for the mock broker, with small batches and a short session."""
    return KafkaSettings(bootstrap=mock_kafka, batch_seconds=0.5, session_seconds=6)


@pytest.fixture
def produce(mock_kafka: str) -> Produce:
    """Send messages: `produce("olist.orders", [value, ...], partition=0)`.

    A dictionary is sent as an order record with these values.
    """

    def send(topic: str, values: Sequence[Any], partition: int = 0, **more: Any) -> None:
        producer = Producer({"bootstrap.servers": mock_kafka, "log_level": 3})
        for value in values:
            sent = json.dumps({**ORDER, **value}) if isinstance(value, dict) else value
            producer.produce(topic, sent, partition=partition, **more)
            producer.poll(0)
        assert producer.flush(20) == 0

    return send


def _form_groups_at_once(owner: Producer) -> None:
    """Remove the three seconds that the mock broker waits for more members of a group."""
    librdkafka = ctypes.CDLL(cimpl.__file__)
    librdkafka.rd_kafka_handle_mock_cluster.restype = ctypes.c_void_p
    # A client of confluent-kafka is a Python object's head, then its librdkafka handle.
    handle = ctypes.c_void_p.from_address(id(owner) + object.__basicsize__)
    cluster = ctypes.c_void_p(librdkafka.rd_kafka_handle_mock_cluster(handle))
    librdkafka.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, ctypes.c_int32(0))
