"""Kafka into bronze, every message exactly once.

A bronze table stores, per topic partition, the last offset that it holds: its watermark, which
travels in the commit of the rows. It says where to read on; Kafka's own offsets are written for lag
monitors and never read. What has been read follows a watermark, and is written only through a
handle that shows this very watermark. Whoever finds another one was overtaken: he throws away what
he has read of the partition and begins again behind the new one.
"""

import gc
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any

import polars as pl
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from flows.kafka.backoff import Backoff
from flows.kafka.checkpoints import Checkpoints
from flows.kafka.client import (
    KafkaSettings,
    check_brokers,
    client_config,
    existing_partitions,
    is_mock,
    source_name,
    translate_broker_errors,
)
from flows.kafka.consumer import GroupConsumer
from flows.kafka.consumer_group import Reader, group_of_lake, readers
from flows.kafka.decode import bronze_rows
from flows.kafka.offsets import Key

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


class NoTopicsError(Exception):
    """None of the topics exists."""


def drain(  # noqa: PLR0913 - lake and settings; all else has a default, and is given by name
    lake: str,
    settings: KafkaSettings,
    *,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
    stop: Event | None = None,
    progress: Callable[[Sequence[Drained]], None] = lambda _: None,
) -> list[Drained]:
    """Append what is in the topics to bronze, together with the other drainers of the group.

    Ends when bronze holds everything that was in the topics at the start, whoever wrote it; but for
    partitions that the group has given to a member that does not write into this lake, which are
    named in a warning. A topic that does not exist is skipped; with `follow` it is read once it
    appears.

    Args:
        lake: where the tables lie.
        settings: where Kafka is, and how large a batch becomes.
        follow: go on until told to stop.
        max_seconds: stop then, whatever is left.
        accept_loss: go on behind messages that Kafka has lost, and note that in the table's log.
        stop: set it (from a signal handler, say) to finish the batch and leave.
        progress: is told, several times a second, what has been written so far. It must not take
            longer than a batch does.

    Returns:
        What this drainer has written, per topic partition.

    Raises:
        LossError: messages are gone that were never drained, or a topic was made anew.
        HeldError: a restore holds a table; its messages wait, and all others are in bronze.
        NoTopicsError: there is no topic at all, and `follow` does not wait for one.
        NoAnswerError: no broker answers at the start, or it does not let us in.
        GroupError: the consumer group does not take us.
        confluent_kafka.KafkaException: the same later, or while following: without an answer for
            longer than `patience_seconds`, at once when it does not let us in.
        deltalake.exceptions.DeltaError: the lake cannot be written, for as long.
    """
    stop, started = stop or Event(), monotonic()
    drainer = _Drainer(lake, settings, stop, follow=follow, accept_loss=accept_loss)
    try:
        with _collecting_by_hand():
            drainer.join()
            while not stop.is_set() and (follow or drainer.is_behind()):
                if max_seconds is not None and monotonic() - started >= max_seconds:
                    break
                drainer.read()
                if drainer.has_a_batch():
                    drainer.write()
                    gc.collect()
                progress(drainer.report())
            drainer.write()
    finally:
        drainer.member.consumer.close()
    drainer.warn_of_others()
    drainer.bronze.check_released()
    return drainer.report()


_GLANCE = 1.0  # seconds between two looks at what other drainers have written


class _Drainer:
    """A member of the group that writes what it reads."""

    def __init__(
        self, lake: str, settings: KafkaSettings, stop: Event, *, follow: bool, accept_loss: bool
    ) -> None:
        self.stop, self.follow = stop, follow
        self.heard = list[KafkaError]()
        config: dict[str, Any] = {**client_config(settings), "error_cb": self.heard.append}
        self.admin = AdminClient(config)
        self.bronze = Checkpoints(lake, settings, self.admin, accept_loss=accept_loss)
        # Nothing is created in the lake unless there is something to read.
        cluster = check_brokers(settings, self.admin, self.heard)
        self.there = existing_partitions(cluster, self.bronze.contracts)
        if not self.there:
            self.bronze.check_released()
            self._miss_topics()
        self._shows_no_groups = is_mock(cluster)
        self.client_id = group_of_lake(lake)
        self.settings = settings.model_copy(update={"group": settings.group or self.client_id})
        self.member = GroupConsumer(self.settings, self.client_id)
        self.targets: dict[Key, int] = {}  # offsets to reach, unless we follow
        self.elsewhere: dict[Key, Reader] = {}  # who reads what we do not wait for
        self.drained: dict[Key, Drained] = {}
        self.beginning, self.glancing = self._patience(), self._patience()
        self.oldest = self.glanced = monotonic()

    def join(self) -> None:
        """Note what is to be reached, and ask the group for partitions."""
        if not self.follow:
            with translate_broker_errors(self.settings, self.member.consumer, self.member.heard):
                lags = self.bronze.lags(self.member.consumer, self.there)
            self.targets = {key: lag.end - 1 for key, lag in lags.items() if lag.behind}
        self.member.join(self.bronze.contracts)

    def is_behind(self) -> bool:
        """Tell whether bronze still lacks what was there at the start, whoever is to write it."""
        for key, reading in self.member.reading.items():
            self._reached(key, reading.watermark)
        others = self.targets.keys() - self.member.reading.keys()
        if others and monotonic() - self.glanced >= _GLANCE:
            self.glanced = monotonic()
            with self.glancing.trying():
                self._glance(others)
        return bool(self.targets)

    def read(self) -> None:
        """Take what arrives in a moment, then begin with the partitions that were given to us."""
        self.member.read(self.settings.batch_rows - self.member.rows())
        if self.member.given:
            with self.beginning.trying():
                self.member.begin(self.bronze.lags(self.member.consumer, self.member.given))

    def has_a_batch(self) -> bool:
        """Tell whether it is time to write."""
        readings = self.member.reading
        if not any(reading.moved for reading in readings.values()):
            self.oldest = monotonic()
            return False
        return (
            self.member.rows() >= self.settings.batch_rows
            or self.member.size() >= self.settings.batch_bytes
            or monotonic() - self.oldest >= self.settings.batch_seconds
            or (not self.follow and all(map(self._at_target, readings)))
        )

    def write(self) -> None:
        """Append what has been read: one commit per table, with the watermarks it leads to."""
        moved = {key: each.topic_id for key, each in self.member.reading.items() if each.moved}
        for key in self.bronze.made_anew(moved) if moved else ():
            self.member.give_back(key)
            del moved[key]
        pending: dict[str, list[Key]] = defaultdict(list)
        for key in moved:
            pending[key[0]].append(key)
        for topic, keys in pending.items():
            self._write(topic, keys)

    def report(self) -> list[Drained]:
        """Return what has been written so far."""
        return [self.drained[key] for key in sorted(self.drained)]

    def warn_of_others(self) -> None:
        """Say which partitions we have left to other members of the group."""
        if self.elsewhere:
            numbers: dict[str, list[int]] = defaultdict(list)
            for topic, number in sorted(self.elsewhere):
                numbers[topic].append(number)
            places = ", ".join(f"{topic} {found}" for topic, found in numbers.items())
            found = {f"{each.client_id} at {each.host}" for each in self.elsewhere.values()}
            logger.warning(
                "partitions not drained: %s (%s). Another member of the group %s reads them (%s), "
                "and not into this lake. Give this lake a group of its own (--group)",
                len(self.elsewhere),
                places,
                self.settings.group,
                ", ".join(sorted(found)),
            )

    def _miss_topics(self) -> None:
        names = ", ".join(self.bronze.contracts)
        message = f"none of these topics exists: {names}; is KEYSTONE_KAFKA_PREFIX right?"
        if not self.follow:
            raise NoTopicsError(message)
        logger.warning("%s Waiting until one does", message)

    def _glance(self, others: set[Key]) -> None:
        """Look what becomes of the partitions that we do not read."""
        self.bronze.open({topic for topic, _ in others})
        for key in others:
            self._reached(key, self.bronze.of(key))
        left = others & self.targets.keys() - self.member.given
        if not left or self._shows_no_groups:  # such a Kafka does not say who reads what
            return
        for key in self.bronze.deleted(left):
            del self.targets[key]
        us, seconds = self.member.consumer.memberid(), self.bronze.seconds
        for key, reader in readers(self.admin, self.settings.group, us, left, seconds).items():
            # Those with our client id write into this lake: bronze will show when they have.
            if key in self.targets and reader.client_id != self.client_id:
                self.elsewhere[key] = reader
                del self.targets[key]

    def _reached(self, key: Key, watermark: int | None) -> None:
        if watermark is not None and watermark >= self.targets.get(key, watermark + 1):
            del self.targets[key]

    def _source(self, key: Key) -> str:
        return source_name(*key, self.member.reading[key].topic_id)

    def _write(self, topic: str, keys: list[Key]) -> None:
        readings = self.member.reading
        messages = [message for key in keys for message in readings[key].messages]
        ids = {key: readings[key].topic_id for key in keys}
        rows = bronze_rows(self.bronze.contracts[topic], messages, ids)
        writing = self._patience()
        while keys:
            with writing.trying():
                if writing.failing:
                    # It may be there all the same; or somebody was faster. A new handle knows.
                    self.bronze.open({topic})
                keys = self._unwritten(keys, rows)
                if keys:
                    mine = rows.filter(pl.col("_source").is_in([*map(self._source, keys)]))
                    self.bronze.append(
                        mine,
                        {key: readings[key].through for key in keys},
                        {key: ids[key] for key in keys},
                        {"read": len(mine), "corrupt": mine["_corrupt_record"].count()},
                    )

    def _unwritten(self, keys: list[Key], rows: pl.DataFrame) -> list[Key]:
        """Return the keys whose watermark is still the one that we follow; settle the others."""
        left, written = [], []
        for key in keys:
            watermark, reading = self.bronze.of(key), self.member.reading[key]
            if watermark == reading.through:
                written.append(key)
            elif watermark == reading.watermark:
                left.append(key)
            else:
                self.member.give_back(key)
        if written:
            self._account(written, rows)
        return left

    def _account(self, keys: list[Key], rows: pl.DataFrame) -> None:
        for key in keys:
            mine = rows.filter(_source=self._source(key))
            before = self.drained.get(key, Drained(*key))
            self.drained[key] = Drained(
                *key,
                rows=before.rows + len(mine),
                corrupt=before.corrupt + mine["_corrupt_record"].count(),
                offset=self.member.reading[key].through,
            )
        self.member.written(keys)

    def _at_target(self, key: Key) -> bool:
        through = self.member.reading[key].through
        return through >= self.targets.get(key, through)

    def _patience(self) -> Backoff:
        return Backoff(self.settings.patience_seconds, self.stop)


@contextmanager
def _collecting_by_hand() -> Iterator[None]:
    """Keep the garbage collector from walking through a batch's messages while they come in.

    It would, again and again, in vain: that took more than a third of the time.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
