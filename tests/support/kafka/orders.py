"""Orders in a topic of a real Kafka, and in bronze."""

import json
from collections.abc import Callable
from time import monotonic, sleep
from uuid import uuid4

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not typed so
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from contracts import bronze
from flows import delta
from flows.kafka.client import KafkaSettings
from tests.support.kafka.broker import Broker

ORDER = dict.fromkeys(bronze.Orders.fields().names(), "?")


def own_settings(broker: Broker) -> KafkaSettings:
    """Return settings with topics and a group that no other test has."""
    return KafkaSettings(
        bootstrap=broker.bootstrap,
        prefix=f"{uuid4()}.",
        group=str(uuid4()),
        batch_seconds=0.2,
        session_seconds=6,
    )


def topic(settings: KafkaSettings) -> str:
    return settings.prefix + "orders"


def make_topic(settings: KafkaSettings, partitions: int = 1, **config: str) -> None:
    """Create the topic; one of that name that is being deleted must be gone first.

    Args:
        settings: the address of Kafka and the prefix of the topic.
        partitions: their number.
        config: Kafka's properties of the topic, with _ for each dot.
    """
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    properties = {name.replace("_", "."): value for name, value in config.items()}
    new = NewTopic(topic(settings), partitions, 1, config=properties)

    def made() -> bool:
        try:
            admin.create_topics([new])[topic(settings)].result()
        except KafkaException:
            return False
        return True

    eventually(made)


def delete_topic(settings: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    admin.delete_topics([topic(settings)])[topic(settings)].result()


def recreate_topic(settings: KafkaSettings) -> None:
    delete_topic(settings)
    make_topic(settings)


def set_property(settings: KafkaSettings, name: str, value: str) -> None:
    """Set a property of the topic, by Kafka's name."""
    change = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic(settings), incremental_configs=[change])
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    admin.incremental_alter_configs([resource])[resource].result()


def values(settings: KafkaSettings) -> list[str]:
    """Return the values of the topic's first partition, in order."""
    reader = Consumer({"bootstrap.servers": settings.bootstrap, "group.id": str(uuid4())})
    _, end = reader.get_watermark_offsets(TopicPartition(topic(settings), 0), timeout=30)
    reader.assign([TopicPartition(topic(settings), 0, 0)])
    found: list[str] = []
    while reader.position(reader.assignment())[0].offset < end:
        for message in reader.consume(1000, timeout=1):
            assert message.error() is None
            found.append((message.value() or b"").decode())
    reader.close()
    return found


def send(
    settings: KafkaSettings, first: int, last: int, partition: int = 0, *, transaction: bool = False
) -> None:
    config = {"bootstrap.servers": settings.bootstrap, "message.timeout.ms": 60_000}
    producer = Producer(config | ({"transactional.id": str(uuid4())} if transaction else {}))
    if transaction:
        producer.init_transactions(30)
        producer.begin_transaction()
    for number in range(first, last):
        order = json.dumps({**ORDER, "order_id": f"{number}"})
        producer.produce(topic(settings), order, partition=partition)
    if transaction:
        producer.commit_transaction(30)
    assert producer.flush(60) == 0


def order_ids(lake: str) -> list[int]:
    rows = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    return sorted(int(number) for number in rows["order_id"])


def eventually(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = monotonic() + seconds
    while not happened():
        assert monotonic() < until, "it did not happen"
        sleep(0.1)
