"""A member of the consumer group: its partitions, and the messages that it has read from them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import lt

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.consumer_group import GroupError, join_refusal
from flows.kafka.lag import PartitionLag
from flows.kafka.topics import Partition

logger = logging.getLogger(__name__)


@dataclass
class PartitionBuffer:
    """The messages read from a partition since a watermark, and not yet written."""

    watermark: int | None
    """The watermark of the bronze table that the messages follow."""
    through: int
    """The offset up to which everything is read. It is higher than the last message's offset where
    a compacted or transactional topic ends in offsets without messages."""
    topic_id: int | None = None
    """The id of the topic, which differs after the topic is deleted and created again."""
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    """The size of the messages in bytes."""
    has_progress: bool = False
    """Whether there is something to write: messages, or offsets without messages."""
    is_new: bool = True
    """Whether nothing was read from the partition since it was assigned."""


class GroupConsumer:
    """Reads the partitions that the consumer group assigns to this process.

    The rebalance callbacks only record what changed. Work that takes time or can fail happens
    between two calls of `consume`. New partitions start there as well, so that one call never
    returns messages from before and after a start.
    """

    def __init__(self, settings: KafkaSettings, client_id: str = "keystone") -> None:
        """Prepare to join the group of the settings; other members see the client id."""
        self.pending: set[Partition] = set()
        """Partitions that are assigned to us and not started."""
        self.buffers: dict[Partition, PartitionBuffer] = {}
        """The partitions that we read."""
        self.errors: list[KafkaError] = []
        """Errors of the client since the last read."""
        self._gaps: dict[Partition, int] = {}
        self._topics, self._deleted_topics = set[str](), set[str]()
        self.group, self.client_id = settings.group, client_id
        config = client_config(
            settings,
            group_id=settings.group,
            client_id=client_id,
            session_timeout_ms=int(settings.session_seconds * 1000),
            max_poll_interval_ms=int(settings.poll_seconds * 1000),
            queued_max_messages_kbytes=max(settings.batch_bytes >> 10, 1024),
            fetch_queue_backoff_ms=10,  # by default it pauses a second when its queue is full
            topic_metadata_refresh_interval_ms=30_000,
            partition_assignment_strategy="cooperative-sticky",
            auto_offset_reset="error",
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            enable_partition_eof=True,
        )
        self.consumer = Consumer({**config, "error_cb": self.errors.append})

    def join(self, topics: Iterable[str]) -> None:
        """Join the group, which then assigns partitions."""
        self.consumer.subscribe(list(topics), on_assign=self._on_assign, on_revoke=self._on_revoke)

    def start(self, lags: Mapping[Partition, PartitionLag]) -> None:
        """Start reading the pending partitions, each after its watermark."""
        self.consumer.incremental_assign(
            [TopicPartition(*key, lag.next) for key, lag in lags.items()]
        )
        self.pending.clear()
        self._topics |= {topic for topic, _ in lags}
        for topic in self._topics & self._deleted_topics:
            logger.warning("the topic %s exists again", topic)
        self._deleted_topics -= self._topics
        self.buffers |= {
            key: PartitionBuffer(lag.stored, lag.next - 1, lag.topic_id)
            for key, lag in lags.items()
        }

    def read(self, limit: int) -> None:
        """Read messages for a moment, up to a limit.

        Raises:
            GroupError: the group does not accept this member.
            confluent_kafka.KafkaException: the brokers reject our credentials, or the client
                cannot continue.
        """
        arrived: dict[Partition, list[Message]] = defaultdict(list)
        ends: dict[Partition, int] = {}
        for message in self.consumer.consume(min(limit, _CHUNK), _CHUNK_SECONDS):
            key, error = (message.topic() or "", message.partition() or 0), message.error()
            if error is None:
                arrived[key].append(message)
                ends.pop(key, None)  # there is a message after that end
            elif error.name() == "_PARTITION_EOF":
                ends[key] = message.offset() or 0
            elif error.name() == "_AUTO_OFFSET_RESET":
                self.reset(key)
            elif error.name() == "UNKNOWN_TOPIC_OR_PART":
                self._note_deleted_topic(key[0])
            else:
                self.errors.append(error)
        for key in arrived.keys() | ends.keys():
            self.accept(key, arrived[key], ends.get(key))
        while self.errors:
            self._raise_fatal(self.errors.pop(0))

    def accept(self, key: Partition, messages: list[Message], end: int | None) -> None:
        """Buffer messages that follow the buffered ones; otherwise reset the partition.

        Args:
            key: the partition.
            messages: its new messages, in order.
            end: one past its last offset, if the consumer has reached it.
        """
        if (buffer := self.buffers.get(key)) is None:
            return
        offsets = [message.offset() or 0 for message in messages] + ([] if end is None else [end])
        first = offsets[0]
        # Offsets without messages are normal. Directly after a start, a gap may also come from a
        # fetch that began before it, so the gap is accepted only when it occurs twice.
        gap = buffer.is_new and first != buffer.through + 1 and self._gaps.get(key) != first
        if gap or first <= buffer.through or not all(map(lt, offsets, offsets[1:])):
            self._gaps[key] = first
            self.reset(key)
            return
        through = offsets[-1] - (end is not None)
        buffer.has_progress |= through > buffer.through
        buffer.is_new, buffer.through = False, through
        buffer.messages += messages
        buffer.size += sum(map(len, messages))

    def reset(self, key: Partition) -> None:
        """Drop the messages of a partition, and start it again at its table's watermark."""
        if self.buffers.pop(key, None):
            self.consumer.incremental_unassign([TopicPartition(*key)])
            self.pending.add(key)

    def mark_written(self, keys: Iterable[Partition]) -> None:
        """Empty the buffers of partitions, and commit their offsets to Kafka."""
        keys = list(keys)
        for key in keys:
            written = self.buffers[key]
            self.buffers[key] = PartitionBuffer(
                written.through, written.through, written.topic_id, is_new=written.is_new
            )
        commit_offsets(
            self.consumer, [TopicPartition(*key, self.buffers[key].through + 1) for key in keys]
        )

    def rows(self) -> int:
        """Return the number of buffered messages."""
        return sum(len(buffer.messages) for buffer in self.buffers.values())

    def size(self) -> int:
        """Return the size of the buffered messages in bytes."""
        return sum(buffer.size for buffer in self.buffers.values())

    def _raise_fatal(self, error: KafkaError) -> None:
        """Raise an error that no retry can fix; log any other."""
        if refusal := join_refusal(error):
            message = f"the consumer group {self.group} {refusal}"
            raise GroupError(message)
        if error.fatal() or error.name().endswith(_REJECTED):
            raise KafkaException(error)
        if error.name() != "UNKNOWN_TOPIC_OR_PART":  # `_note_deleted_topic` names the topic
            logger.warning("Kafka: %s", error.str())

    def _note_deleted_topic(self, topic: str) -> None:
        if topic in self._topics:  # a topic that never existed is skipped
            self._topics.discard(topic)
            self._deleted_topics.add(topic)
            logger.warning("the topic %s was deleted; waiting until it exists again", topic)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.pending |= set(map(_key, partitions))
        consumer.incremental_assign([])

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        revoked = set(map(_key, partitions))
        self.pending -= revoked
        started = revoked & self.buffers.keys()
        consumer.incremental_unassign([TopicPartition(*key) for key in started])
        for key in started:
            del self.buffers[key]


def commit_offsets(consumer: Consumer, offsets: list[TopicPartition]) -> None:
    """Commit offsets to Kafka for lag monitors; a failure does not matter, we never read them."""
    with suppress(KafkaException):
        consumer.commit(offsets=offsets, asynchronous=True)


_CHUNK = 10_000  # messages per call of `consume`
_CHUNK_SECONDS = 0.2
_REJECTED = ("AUTHENTICATION", "AUTHENTICATION_FAILED", "AUTHORIZATION_FAILED")


def _key(partition: TopicPartition) -> Partition:
    return partition.topic, partition.partition
