"""A broker inside librdkafka: real TCP, no installation, four partitions a topic."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from contracts import bronze
from flows.kafka import KafkaSettings

Produce = Callable[..., None]

ORDER = dict.fromkeys(bronze.Orders.fields().names(), "?")


@pytest.fixture
def lake(tmp_path: Any) -> str:
    """Where a lake may be made."""
    return str(tmp_path / "lake")


@pytest.fixture
def mock_kafka() -> Iterator[str]:
    """The address of a broker that lives as long as the test."""
    cluster = AdminClient({"test.mock.num.brokers": 1, "log_level": 3})
    brokers = cluster.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    del cluster  # until here it lived


@pytest.fixture
def settings(mock_kafka: str) -> KafkaSettings:
    """Settings for that broker; small batches, quick to notice the dead."""
    return KafkaSettings(bootstrap=mock_kafka, batch_seconds=0.5, session_seconds=6)


@pytest.fixture
def produce(mock_kafka: str) -> Produce:
    """Send messages: `produce("olist.orders", [value, ...], partition=0)`.

    A dictionary is sent as an order record with these values.
    """

    def send(topic: str, values: Sequence[Any], partition: int = 0, **more: Any) -> None:
        producer = Producer({"bootstrap.servers": mock_kafka, "log_level": 3})
        for value in values:
            if isinstance(value, dict):
                value = json.dumps({**ORDER, **value})  # noqa: PLW2901
            producer.produce(topic, value, partition=partition, **more)
            producer.poll(0)
        assert producer.flush(20) == 0

    return send
