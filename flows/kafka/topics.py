"""Topics and their partitions: names, creation, and the names of their watermarks."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # exported, but not typed so
from confluent_kafka.cimpl import NewTopic

from contracts.contract import Bronze
from flows.kafka.client import (
    BROKER_TIMEOUT,
    KafkaSettings,
    check_brokers,
    client_config,
    translate_broker_errors,
)
from transforms.graph import sources

Partition = tuple[str, int]
"""A topic, and the number of one of its partitions."""


def topic_of(settings: KafkaSettings, contract: type[Bronze]) -> str:
    """Return the topic of a source: "olist.orders"."""
    return settings.prefix + contract.spec().name


def watermark_name(topic: str, partition: int) -> str:
    """Return the name under which a bronze table stores the watermark of a partition."""
    return f"kafka/{topic}/{partition}"


def source_name(topic: str, partition: int, topic_id: int | None) -> str:
    """Return the name of a partition as a source of rows: its watermark's name and the topic's id.

    A topic that is deleted and created again has another id, and so is another source. Without an
    id, as in rows of earlier versions, the name ends with the partition.
    """
    name = watermark_name(topic, partition)
    return name if topic_id is None else f"{name}/{topic_id % (1 << 64):016x}"


def create_topics(settings: KafkaSettings, partitions: int) -> None:
    """Create the missing topics of all sources; existing topics do not change.

    Raises:
        BrokerUnreachableError: no broker answers, or it rejects our credentials.
    """
    errors: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings), "error_cb": errors.append}
    admin = AdminClient(config)
    cluster = check_brokers(settings, admin, errors)
    with translate_broker_errors(settings, admin, errors):
        missing = {topic_of(settings, contract) for contract in sources()} - cluster.topics.keys()
        if is_mock(cluster):  # it has no request to create topics; it creates one that is described
            for topic in missing:
                admin.list_topics(topic, timeout=BROKER_TIMEOUT)
        elif missing:
            new = [NewTopic(topic, num_partitions=partitions) for topic in sorted(missing)]
            for created in admin.create_topics(new, operation_timeout=BROKER_TIMEOUT).values():
                _ignore_existing(created)


def existing_partitions(cluster: ClusterMetadata, topics: Iterable[str]) -> list[Partition]:
    """Return the partitions of those topics that exist, in order."""
    existing = cluster.topics
    return [
        (topic, partition)
        for topic in topics
        if topic in existing
        for partition in sorted(existing[topic].partitions)
    ]


def is_mock(cluster: Any) -> bool:
    """Return whether a cluster is librdkafka's mock, whose controller is none of its brokers."""
    return cluster.controller_id not in cluster.brokers


def _ignore_existing(created: Future[Any]) -> None:
    try:
        created.result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
