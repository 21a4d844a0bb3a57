"""Requests to the brokers: the offsets that topics hold, and the ids of topics."""

from collections.abc import Iterable, Mapping

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not typed so
    AdminClient,
    OffsetSpec,
)

from flows.kafka.client import BROKER_TIMEOUT
from flows.kafka.topics import Partition, is_mock


def offset_ranges(
    client: Consumer, partitions: Iterable[Partition], seconds: float = BROKER_TIMEOUT
) -> dict[Partition, tuple[int, int]]:
    """Return, per partition, the first offset that Kafka still has and one past the last.

    This takes two requests for all partitions together.

    Raises:
        confluent_kafka.KafkaException: no broker answers a request in time.
    """
    partitions = list(partitions)
    low = _offsets(client, partitions, OFFSET_BEGINNING, seconds)
    end = _offsets(client, partitions, OFFSET_END, seconds)
    return {partition: (low[partition], end[partition]) for partition in partitions}


def high_watermarks(
    admin: AdminClient, partitions: Iterable[Partition], seconds: float = BROKER_TIMEOUT
) -> dict[Partition, int]:
    """Return one past the last offset of each partition, open transactions included.

    `offset_ranges` ends where the first open transaction begins, as consumers do.

    Raises:
        confluent_kafka.KafkaException: no broker answers in time.
    """
    request = {TopicPartition(*partition): _LATEST for partition in partitions}
    if not request:
        return {}
    answers = admin.list_offsets(
        request, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=seconds
    )
    return {(key.topic, key.partition): each.result().offset for key, each in answers.items()}


def topic_ids(
    admin: AdminClient, topics: Iterable[str], seconds: float = BROKER_TIMEOUT
) -> Mapping[str, int]:
    """Return the id of each topic, which differs after the topic is deleted and created again.

    The id is the upper half of Kafka's topic id (64 bits, 60 of them random), because a Delta
    transaction stores one 64-bit integer. Missing topics, and topics of brokers without ids, are
    left out.

    Raises:
        confluent_kafka.KafkaException: no broker answers in time.
    """
    admin.poll(0)  # renews the OAuth token, if there is one
    cluster = admin.list_topics(timeout=seconds)
    existing = cluster.topics.keys() & set(topics)
    if not existing or is_mock(cluster):  # the mock has no ids, and does not report that
        return {}
    described = admin.describe_topics(TopicCollection(sorted(existing)), request_timeout=seconds)
    ids = {}
    for topic, answer in described.items():
        try:
            uuid = answer.result().topic_id
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
        else:
            if uuid and (upper_half := uuid.get_most_significant_bits()):
                ids[topic] = upper_half
    return ids


_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own gap


def _offsets(
    client: Consumer, partitions: list[Partition], which: int, seconds: float
) -> dict[Partition, int]:
    # Brokers read the constants for "beginning" and "end" as special timestamps.
    request = [TopicPartition(*partition, which) for partition in partitions]
    answers = client.offsets_for_times(request, timeout=seconds) if request else []
    for answer in answers:
        if answer.error:
            raise KafkaException(answer.error)
    return {(answer.topic, answer.partition): answer.offset for answer in answers}
