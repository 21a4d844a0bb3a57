"""The broker that other tests rely on."""

from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.kafka.broker import Broker


@pytest.fixture
def topic(real_kafka: Broker) -> str:
    """A new topic of one partition."""
    name = f"test-{uuid4()}"
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result()
    return name


def test_acknowledged_message_survives_a_kill(real_kafka: Broker, topic: str) -> None:
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap, "acks": "all"})
    producer.produce(topic, b"kept")
    assert producer.flush(30) == 0

    real_kafka.kill9()
    real_kafka.start()

    assert _read_first(real_kafka, topic) == b"kept"


def test_acknowledged_message_survives_a_stop(real_kafka: Broker, topic: str) -> None:
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap, "acks": "all"})
    producer.produce(topic, b"kept")
    assert producer.flush(30) == 0

    real_kafka.stop()
    real_kafka.start()

    assert _read_first(real_kafka, topic) == b"kept"


def test_a_paused_broker_answers_only_when_resumed(real_kafka: Broker, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": real_kafka.bootstrap})
    assert topic in admin.list_topics(timeout=30).topics

    real_kafka.pause()
    try:
        with pytest.raises(KafkaException):
            admin.list_topics(timeout=1)
    finally:
        real_kafka.resume()

    assert topic in admin.list_topics(timeout=30).topics


def _read_first(broker: Broker, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": str(uuid4())})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        message = consumer.poll(30)
        assert message is not None
        return message.value()
    finally:
        consumer.close()
