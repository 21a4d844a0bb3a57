"""Kafka into bronze, every message exactly once.

A bronze table stores, per topic partition, the last offset that it holds: its watermark, which
travels in the commit of the rows. It says where to read on; Kafka's own offsets are written for lag
monitors and never read. What has been read follows a watermark, and is written only through a
handle that shows this very watermark. Whoever finds another one was overtaken: he throws away what
he has read of the partition and begins again behind the new one.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from operator import lt
from threading import Event
from time import monotonic

import polars as pl
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from flows import delta
from flows.kafka import KafkaSettings, client_config, existing_partitions, origin, topic_of
from flows.lag import Lag, lag_of
from flows.messages import bronze_rows
from transforms.graph import sources

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """What one drain has written of a topic partition."""

    topic: str
    partition: int
    rows: int = 0
    corrupt: int = 0
    """How many of the rows are messages that could not be read."""
    offset: int = -1
    """The last offset that bronze holds."""


class LossError(Exception):
    """Kafka does not have what bronze is to read next; says what is lost."""


class NoTopicsError(Exception):
    """None of the topics exists."""


def drain(  # noqa: PLR0913 - each is an option of the command
    lake: str,
    settings: KafkaSettings,
    *,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
    stop: Event | None = None,
) -> list[Drained]:
    """Append what is in the topics to bronze, together with the other drainers of the group.

    Ends when bronze holds everything that was in the topics at the start, whoever wrote it. A topic
    that does not exist is skipped; with `follow` it is read once it appears.

    Args:
        lake: where the tables lie.
        settings: where Kafka is, and how large a batch becomes.
        follow: go on until told to stop.
        max_seconds: stop then, whatever is left.
        accept_loss: go on behind messages that Kafka has lost, and note that in the table's log.
        stop: set it (from a signal handler, say) to finish the batch and leave.

    Returns:
        What this drainer has written, per topic partition.

    Raises:
        LossError: messages are gone that were never drained, or a topic was made anew.
        NoTopicsError: there is no topic at all, and `follow` does not wait for one.
        confluent_kafka.KafkaException: no broker answers, or it does not let us in.
        deltalake.exceptions.DeltaError: the lake cannot be written, after some attempts.
    """
    stop, started = stop or Event(), monotonic()
    drainer = _Drainer(lake, settings, stop, follow=follow, accept_loss=accept_loss)
    try:
        drainer.join()
        while not stop.is_set() and (follow or drainer.is_behind()):
            if max_seconds is not None and monotonic() - started >= max_seconds:
                break
            drainer.read()
            if drainer.has_a_batch():
                drainer.write()
        drainer.write()
    finally:
        drainer.consumer.close()
    return [drainer.drained[key] for key in sorted(drainer.drained)]


_Key = tuple[str, int]  # a topic, and the number of one of its partitions
_CHUNK = 10_000  # messages to take at once
_MOMENT = 0.2  # seconds that a chunk may take to fill
_GLANCE = 1.0  # seconds between two looks at what other drainers have written
_ATTEMPTS = 8


@dataclass
class _Reading:
    """A partition that is being read: the watermark it follows, and what has come since."""

    watermark: int | None
    through: int
    """Everything up to this offset has been read. It lies behind the last message where a compacted
    or transactional topic ends in offsets that hold none."""
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    fresh: bool = True
    """Nothing of it has come yet."""


class _Drainer:
    """A member of the group.

    Its callbacks only take notes. What takes time or can fail is done between two calls of
    `consume`, and so is the beginning of a partition: what one call returns is all from before it.
    """

    def __init__(
        self, lake: str, settings: KafkaSettings, stop: Event, *, follow: bool, accept_loss: bool
    ) -> None:
        self.lake, self.settings, self.stop = lake, settings, stop
        self.follow, self.accept_loss = follow, accept_loss
        self.contracts = {topic_of(settings, contract): contract for contract in sources()}
        self.tables = dict[str, DeltaTable]()
        self.targets: dict[_Key, int] = {}  # offsets to reach, unless we follow
        self.given: set[_Key] = set()  # ours to read, not begun
        self.reading: dict[_Key, _Reading] = {}
        self.gaps: dict[_Key, int] = {}
        self.drained: dict[_Key, Drained] = {}
        self.failures = 0
        self.oldest = self.glanced = monotonic()
        self.consumer = Consumer(
            client_config(
                settings,
                group_id=settings.group,
                session_timeout_ms=int(settings.session_seconds * 1000),
                max_poll_interval_ms=int(settings.poll_seconds * 1000),
                queued_max_messages_kbytes=max(settings.batch_bytes >> 10, 1024),
                topic_metadata_refresh_interval_ms=30_000,
                partition_assignment_strategy="cooperative-sticky",
                auto_offset_reset="error",
                enable_auto_commit=False,
                enable_auto_offset_store=False,
                enable_partition_eof=True,
            )
        )

    def join(self) -> None:
        """Note what is to be reached, and ask the group for partitions."""
        if not self.follow:
            there = existing_partitions(self.consumer, self.contracts)
            if not there:
                names = ", ".join(self.contracts)
                message = f"none of these topics exists: {names}; is KEYSTONE_KAFKA_PREFIX right?"
                raise NoTopicsError(message)
            self._open({topic for topic, _ in there})
            lags = {key: self._lag(key) for key in there}
            self.targets = {key: lag.end - 1 for key, lag in lags.items() if lag.behind}
        self.consumer.subscribe(
            list(self.contracts), on_assign=self._note_given, on_revoke=self._note_taken
        )

    def is_behind(self) -> bool:
        """Tell whether bronze still lacks what was there at the start, whoever is to write it."""
        watermarks = {key: reading.watermark for key, reading in self.reading.items()}
        if monotonic() - self.glanced >= _GLANCE:
            self.glanced = monotonic()
            others = self.targets.keys() - self.reading.keys()
            with self._trying():
                self._open({topic for topic, _ in others})
                watermarks |= {key: self._watermark(key) for key in others}
        for key, watermark in watermarks.items():
            if watermark is not None and watermark >= self.targets.get(key, watermark + 1):
                del self.targets[key]
        return bool(self.targets)

    def read(self) -> None:
        """Take what arrives in a moment, then begin with the partitions that were given to us."""
        arrived: dict[_Key, list[Message]] = defaultdict(list)
        ends: dict[_Key, int] = {}
        room = self.settings.batch_rows - self._rows()
        for message in self.consumer.consume(min(room, _CHUNK), _MOMENT):
            key, error = (message.topic() or "", message.partition() or 0), message.error()
            if error is None:
                arrived[key].append(message)
                ends.pop(key, None)  # that was not the end after all
            elif error.name() == "_PARTITION_EOF":
                ends[key] = message.offset() or 0
            elif error.name() == "_AUTO_OFFSET_RESET":
                self._give_back(key)
            else:
                _heed(error)
        for key in arrived.keys() | ends.keys():
            self._follow_on(key, arrived[key], ends.get(key))
        if self.given:
            with self._trying():
                self._begin()

    def has_a_batch(self) -> bool:
        """Tell whether it is time to write."""
        if not (rows := self._rows()):
            self.oldest = monotonic()
        return (
            rows >= self.settings.batch_rows
            or sum(reading.size for reading in self.reading.values()) >= self.settings.batch_bytes
            or monotonic() - self.oldest >= self.settings.batch_seconds
            or (not self.follow and all(map(self._at_target, self.reading)))
        )

    def write(self) -> None:
        """Append what has been read: one commit per table, with the watermarks it leads to."""
        pending: dict[str, list[_Key]] = defaultdict(list)
        for key, reading in self.reading.items():
            ended = key in self.targets and self._at_target(key)
            if reading.messages or (ended and reading.through != reading.watermark):
                pending[key[0]].append(key)
        for topic, keys in pending.items():
            self._write(topic, keys)

    def _write(self, topic: str, keys: list[_Key]) -> None:
        messages = [message for key in keys for message in self.reading[key].messages]
        rows = bronze_rows(self.contracts[topic], messages)
        while keys := self._unwritten(keys, rows):
            through = {origin(*key): self.reading[key].through for key in keys}
            mine = rows.filter(pl.col("_source").is_in(list(through)))
            figures = {"read": len(mine), "corrupt": mine["_corrupt_record"].count()}
            with self._trying():
                delta.append(self.tables[topic], mine, delta.carrying(through, figures))
                continue
            # It may be there all the same; or somebody else was faster. A new handle knows.
            with self._trying():
                self._open({topic})

    def _unwritten(self, keys: list[_Key], rows: pl.DataFrame) -> list[_Key]:
        """Return the keys whose watermark is still the one that we follow; settle the others."""
        left, written = [], []
        for key in keys:
            watermark = self._watermark(key)
            if watermark == self.reading[key].through:
                written.append(key)
            elif watermark == self.reading[key].watermark:
                left.append(key)
            else:
                self._give_back(key)
        if written:
            self._account(written, rows)
        return left

    def _account(self, keys: list[_Key], rows: pl.DataFrame) -> None:
        self.failures = 0
        for key in keys:
            reading, mine = self.reading[key], rows.filter(_source=origin(*key))
            before = self.drained.get(key, Drained(*key))
            self.drained[key] = Drained(
                *key,
                rows=before.rows + len(mine),
                corrupt=before.corrupt + mine["_corrupt_record"].count(),
                offset=reading.through,
            )
            self.reading[key] = replace(reading, watermark=reading.through, messages=[], size=0)
        _tell_kafka(self.consumer, [TopicPartition(*k, self.reading[k].through + 1) for k in keys])

    def _follow_on(self, key: _Key, messages: list[Message], end: int | None) -> None:
        if (reading := self.reading.get(key)) is None:
            return
        offsets = [message.offset() or 0 for message in messages] + ([] if end is None else [end])
        first = offsets[0]
        # Offsets may be missing for good reasons, but at the beginning also because a fetch from
        # before it was under way: such a gap is believed when it is seen twice.
        gap = reading.fresh and first != reading.through + 1 and self.gaps.get(key) != first
        if gap or first <= reading.through or not all(map(lt, offsets, offsets[1:])):
            self.gaps[key] = first
            self._give_back(key)
            return
        reading.fresh = False
        reading.through = offsets[-1] - (end is not None)
        reading.messages += messages
        reading.size += sum(map(len, messages))

    def _begin(self) -> None:
        self._open({topic for topic, _ in self.given})
        lags = {key: self._lag(key) for key in self.given}
        self.consumer.incremental_assign(
            [TopicPartition(*key, lag.next) for key, lag in lags.items()]
        )
        self.given.clear()
        self.failures = 0
        self.reading |= {key: _Reading(lag.stored, lag.next - 1) for key, lag in lags.items()}

    def _give_back(self, key: _Key) -> None:
        """Begin again with a partition, at the watermark that its table has by then."""
        if self.reading.pop(key, None):
            self.consumer.incremental_unassign([TopicPartition(*key)])
            self.given.add(key)

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

    def _lag(self, key: _Key) -> Lag:
        topic, _ = key
        lag = lag_of(self.consumer, *key, self.tables[topic])
        if lag.lost and not self.accept_loss:
            message = f"{lag.lost}. To go on without it, accept the loss (accept_loss)"
            raise LossError(message)
        if lag.lost:
            logger.warning("accepted: %s", lag.lost)
            nothing = bronze_rows(self.contracts[topic], [])
            carried = delta.carrying({origin(*key): lag.next - 1}, {"lost": lag.lost})
            try:
                delta.append(self.tables[topic], nothing, carried)
            except CommitFailedError:  # another drainer has just accepted it, and may be reading
                self._open({topic})
                return self._lag(key)
            return replace(lag, stored=lag.next - 1)
        return lag

    def _open(self, topics: Iterable[str]) -> None:
        for topic in topics:
            contract = self.contracts[topic]
            try:
                self.tables[topic] = delta.open_table(self.lake, contract)
            except CommitFailedError:  # another drainer has just created it
                self.tables[topic] = delta.open_table(self.lake, contract)

    def _watermark(self, key: _Key) -> int | None:
        return self.tables[key[0]].transaction_version(origin(*key))

    def _rows(self) -> int:
        return sum(len(reading.messages) for reading in self.reading.values())

    def _at_target(self, key: _Key) -> bool:
        through = self.reading[key].through
        return through >= self.targets.get(key, through)

    @contextmanager
    def _trying(self) -> Iterator[None]:
        """Let pass what may pass: storage, brokers, a faster writer; not for ever."""
        try:
            yield
        except (DeltaError, OSError, KafkaException) as error:
            self.failures += 1
            if self.failures == _ATTEMPTS:
                raise
            logger.warning("%s; trying again", error)
            self.stop.wait(0.05 * 2**self.failures)


def _key(place: TopicPartition) -> _Key:
    return place.topic, place.partition


def _tell_kafka(consumer: Consumer, offsets: list[TopicPartition]) -> None:
    """Let lag monitors know; nobody else reads it, so that it may fail."""
    with suppress(KafkaException):
        consumer.commit(offsets=offsets, asynchronous=True)


def _heed(error: KafkaError) -> None:
    """Raise what does not pass by itself."""
    if error.fatal() or error.name().endswith(("AUTHORIZATION_FAILED", "AUTHENTICATION_FAILED")):
        raise KafkaException(error)
    if error.name() != "UNKNOWN_TOPIC_OR_PART":  # one that does not exist is skipped
        logger.warning("Kafka: %s", error.str())
