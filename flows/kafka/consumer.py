"""A member of the consumer group: which partitions are ours, and what has come of them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import lt

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.consumer_group import GroupError, cannot_join
from flows.kafka.lag import Lag
from flows.kafka.offsets import Key

logger = logging.getLogger(__name__)


@dataclass
class Reading:
    """A partition that is being read: the watermark it follows, and what has come since."""

    watermark: int | None
    through: int
    """Everything up to this offset has been read. It lies behind the last message where a compacted
    or transactional topic ends in offsets that hold none."""
    topic_id: int | None = None
    """What tells the topic from one of the same name that is made later."""
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    moved: bool = False
    """There is something to write: messages, or offsets that hold none."""
    fresh: bool = True
    """Nothing of it has come yet."""


class GroupConsumer:
    """Reads the partitions that the group gives to us.

    Its callbacks only take notes. What takes time or can fail is done between two calls of
    `consume`, and so is the beginning of a partition: what one call returns is all from before it.
    """

    def __init__(self, settings: KafkaSettings, client_id: str = "keystone") -> None:
        """Prepare to join the group of the settings; the client id is what other members see."""
        self.given: set[Key] = set()
        """Ours to read, but not begun."""
        self.reading: dict[Key, Reading] = {}
        self.heard: list[KafkaError] = []
        """What the client has met with since we last looked."""
        self._gaps: dict[Key, int] = {}
        self._topics, self._gone = set[str](), set[str]()
        self._group = settings.group
        config = client_config(
            settings,
            group_id=settings.group,
            client_id=client_id,
            session_timeout_ms=int(settings.session_seconds * 1000),
            max_poll_interval_ms=int(settings.poll_seconds * 1000),
            queued_max_messages_kbytes=max(settings.batch_bytes >> 10, 1024),
            fetch_queue_backoff_ms=10,  # not the second that it pauses when its queue is full
            topic_metadata_refresh_interval_ms=30_000,
            partition_assignment_strategy="cooperative-sticky",
            auto_offset_reset="error",
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            enable_partition_eof=True,
        )
        self.consumer = Consumer({**config, "error_cb": self.heard.append})

    def join(self, topics: Iterable[str]) -> None:
        """Ask the group for partitions."""
        self.consumer.subscribe(
            list(topics), on_assign=self._note_given, on_revoke=self._note_taken
        )

    def begin(self, lags: Mapping[Key, Lag]) -> None:
        """Read the partitions that were given to us, each from behind its watermark."""
        self.consumer.incremental_assign(
            [TopicPartition(*key, lag.next) for key, lag in lags.items()]
        )
        self.given.clear()
        self._topics |= {topic for topic, _ in lags}
        for topic in self._topics & self._gone:
            logger.warning("the topic %s is there again", topic)
        self._gone -= self._topics
        self.reading |= {
            key: Reading(lag.stored, lag.next - 1, lag.topic_id) for key, lag in lags.items()
        }

    def read(self, room: int) -> None:
        """Take what arrives in a moment, up to so many messages.

        Raises:
            GroupError: the group does not take us.
            confluent_kafka.KafkaException: the brokers do not let us in, or the client is broken.
        """
        arrived: dict[Key, list[Message]] = defaultdict(list)
        ends: dict[Key, int] = {}
        for message in self.consumer.consume(min(room, _CHUNK), _MOMENT):
            key, error = (message.topic() or "", message.partition() or 0), message.error()
            if error is None:
                arrived[key].append(message)
                ends.pop(key, None)  # that was not the end after all
            elif error.name() == "_PARTITION_EOF":
                ends[key] = message.offset() or 0
            elif error.name() == "_AUTO_OFFSET_RESET":
                self.give_back(key)
            elif error.name() == "UNKNOWN_TOPIC_OR_PART":
                self._note_gone(key[0])
            else:
                self.heard.append(error)
        for key in arrived.keys() | ends.keys():
            self.follow_on(key, arrived[key], ends.get(key))
        while self.heard:
            self._heed(self.heard.pop(0))

    def follow_on(self, key: Key, messages: list[Message], end: int | None) -> None:
        """Keep what has come, if it follows what came before; else begin again.

        Args:
            key: the partition.
            messages: of it, in order.
            end: one past its last offset, where that has been reached.
        """
        if (reading := self.reading.get(key)) is None:
            return
        offsets = [message.offset() or 0 for message in messages] + ([] if end is None else [end])
        first = offsets[0]
        # Offsets may be missing for good reasons, but at the beginning also because a fetch from
        # before it was under way: such a gap is believed when it is seen twice.
        gap = reading.fresh and first != reading.through + 1 and self._gaps.get(key) != first
        if gap or first <= reading.through or not all(map(lt, offsets, offsets[1:])):
            self._gaps[key] = first
            self.give_back(key)
            return
        through = offsets[-1] - (end is not None)
        reading.moved |= through > reading.through
        reading.fresh, reading.through = False, through
        reading.messages += messages
        reading.size += sum(map(len, messages))

    def give_back(self, key: Key) -> None:
        """Begin again with a partition, at the watermark that its table has by then."""
        if self.reading.pop(key, None):
            self.consumer.incremental_unassign([TopicPartition(*key)])
            self.given.add(key)

    def written(self, keys: Iterable[Key]) -> None:
        """Follow the new watermarks, and let lag monitors know; nobody else reads it there."""
        keys = list(keys)
        for key in keys:
            before = self.reading[key]
            self.reading[key] = Reading(
                before.through, before.through, before.topic_id, fresh=before.fresh
            )
        tell_kafka(self.consumer, [TopicPartition(*k, self.reading[k].through + 1) for k in keys])

    def rows(self) -> int:
        """Count the messages that wait to be written."""
        return sum(len(reading.messages) for reading in self.reading.values())

    def size(self) -> int:
        """Return their size in bytes."""
        return sum(reading.size for reading in self.reading.values())

    def _heed(self, error: KafkaError) -> None:
        """Raise what does not pass by itself."""
        if why := cannot_join(error):
            message = f"the consumer group {self._group} {why}"
            raise GroupError(message)
        if error.fatal() or error.name().endswith(_NOT_LET_IN):
            raise KafkaException(error)
        if error.name() != "UNKNOWN_TOPIC_OR_PART":  # `_note_gone` says which
            logger.warning("Kafka: %s", error.str())

    def _note_gone(self, topic: str) -> None:
        if topic in self._topics:  # one that was never there is skipped
            self._topics.discard(topic)
            self._gone.add(topic)
            logger.warning("the topic %s was deleted; waiting until it is there again", topic)

    def _note_given(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.given |= set(map(_key, partitions))
        consumer.incremental_assign([])

    def _note_taken(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        taken = set(map(_key, partitions))
        self.given -= taken
        held = taken & self.reading.keys()
        consumer.incremental_unassign([TopicPartition(*key) for key in held])
        for key in held:
            del self.reading[key]


def tell_kafka(consumer: Consumer, offsets: list[TopicPartition]) -> None:
    """Commit offsets to Kafka as well; that may fail."""
    with suppress(KafkaException):
        consumer.commit(offsets=offsets, asynchronous=True)


_CHUNK = 10_000  # messages to take at once
_MOMENT = 0.2  # seconds that a chunk may take to fill
_NOT_LET_IN = ("AUTHENTICATION", "AUTHENTICATION_FAILED", "AUTHORIZATION_FAILED")


def _key(place: TopicPartition) -> Key:
    return place.topic, place.partition
