"""What the brokers say of topics: the offsets that they hold, and their ids."""

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

from flows.kafka.client import BROKER_TIMEOUT, is_mock

Key = tuple[str, int]
"""A topic, and the number of one of its partitions."""


def offsets_held(
    client: Consumer, keys: Iterable[Key], seconds: float = BROKER_TIMEOUT
) -> dict[Key, tuple[int, int]]:
    """Return the first offset that Kafka still has of each partition, and one past the last.

    Two questions for all partitions together.

    Raises:
        confluent_kafka.KafkaException: no broker answers one within so many seconds.
    """
    keys = list(keys)
    low = _offsets(client, keys, OFFSET_BEGINNING, seconds)
    end = _offsets(client, keys, OFFSET_END, seconds)
    return {key: (low[key], end[key]) for key in keys}


def high_watermarks(
    admin: AdminClient, keys: Iterable[Key], seconds: float = BROKER_TIMEOUT
) -> dict[Key, int]:
    """Return one past the last offset of each partition, open transactions included.

    `offsets_held` ends where the first open transaction begins, as readers do. Raises as it does.
    """
    asked = {TopicPartition(*key): _LATEST for key in keys}
    if not asked:
        return {}
    answers = admin.list_offsets(
        asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=seconds
    )
    return {(of.topic, of.partition): each.result().offset for of, each in answers.items()}


def topic_ids(
    admin: AdminClient, topics: Iterable[str], seconds: float = BROKER_TIMEOUT
) -> Mapping[str, int]:
    """Return what tells a topic from one of the same name that was made later.

    It is half of the topic's id (64 bits, 60 of them random), for that fits where Delta keeps
    numbers. Brokers that give their topics no ids, and topics that are not there, are left out.
    Raises as `offsets_held`.
    """
    admin.poll(0)  # renews the token, where there is one
    cluster = admin.list_topics(timeout=seconds)
    there = cluster.topics.keys() & set(topics)
    if not there or is_mock(cluster):  # which gives no ids, and would not say so
        return {}
    described = admin.describe_topics(TopicCollection(sorted(there)), request_timeout=seconds)
    ids = {}
    for topic, answer in described.items():
        try:
            found = answer.result().topic_id
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
        else:
            if found and (half := found.get_most_significant_bits()):
                ids[topic] = half
    return ids


_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own gap


def _offsets(client: Consumer, keys: list[Key], which: int, seconds: float) -> dict[Key, int]:
    # What clients write for "the beginning" and "the end" brokers read as times.
    asked = [TopicPartition(*key, which) for key in keys]
    answers = client.offsets_for_times(asked, timeout=seconds) if asked else []
    for answer in answers:
        if answer.error:
            raise KafkaException(answer.error)
    return {(answer.topic, answer.partition): answer.offset for answer in answers}
