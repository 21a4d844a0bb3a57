"""Kafka to bronze, every message exactly once.

Each bronze table stores, per topic partition, the last offset that it holds. This watermark is
committed together with the rows, and decides where to read on. Offsets are also committed to Kafka,
for lag monitors; they are never read.

A drainer writes messages only through a table handle that still shows the watermark which they
follow. If the handle shows another one, another drainer committed first: this drainer drops its
messages of the partition, and starts again after the new watermark.
"""

import gc
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Any

import polars as pl
from confluent_kafka import KafkaError, Message
from confluent_kafka.admin import AdminClient

from contracts.contract import Bronze
from flows.erasure.erasures import known_erasures
from flows.erasure.requests import request_files
from flows.kafka.backoff import Backoff
from flows.kafka.checkpoints import Checkpoints
from flows.kafka.client import (
    KafkaSettings,
    check_brokers,
    client_config,
    translate_broker_errors,
)
from flows.kafka.consumer import GroupConsumer
from flows.kafka.consumer_group import group_of_lake
from flows.kafka.debezium import change_rows
from flows.kafka.decode import bronze_rows
from flows.kafka.drain_targets import DrainTargets
from flows.kafka.garbage_collection import manual_garbage_collection
from flows.kafka.topics import Partition, existing_partitions, is_mock, source_name
from flows.storage.locations import create_lake
from transforms.erasure import changed_rows

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """What one drain has written of a topic partition."""

    topic: str
    partition: int
    rows: int = 0
    corrupt: int = 0
    """The number of rows whose message could not be parsed."""
    offset: int = -1
    """The last offset that bronze holds."""


class NoTopicsError(Exception):
    """None of the topics exists."""


def drain(  # noqa: PLR0913 - lake and settings; options are given by name
    lake: str,
    settings: KafkaSettings,
    *,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
    stop: Event | None = None,
    progress: Callable[[Sequence[Drained]], None] = lambda _: None,
) -> list[Drained]:
    """Append the messages of the topics to bronze, together with the group's other drainers.

    A bounded drain ends when bronze holds everything that the topics held at the start, whichever
    drainer wrote it. It does not wait for partitions that the group assigned to a member of another
    lake; a warning names them. Topics that do not exist are skipped; with `follow`, they are read
    once they exist.

    Args:
        lake: the location of the tables.
        settings: the address of Kafka and the size of a batch.
        follow: continue until stopped.
        max_seconds: stop after this time, even if messages are left.
        accept_loss: skip messages that Kafka has lost, and record the loss in the table's log.
        stop: an event to set, for example in a signal handler, to write the batch and stop.
        progress: a function that receives what is written so far, several times a second. It must
            return faster than a batch takes.

    Returns:
        What this drainer has written, per topic partition.

    Raises:
        SettingError: the lake has erasures, and KEYSTONE_ERASURE_KEY is missing or another one.
        OSError: the lake cannot be created.
        LossError: Kafka lost messages before they were drained, or a topic was created again.
        HeldError: a table is held, so its messages were not drained; all others were.
        NoTopicsError: no topic exists, and `follow` is not set.
        BrokerUnreachableError: at the start, no broker answers or one rejects our credentials.
        GroupError: the consumer group does not accept this drainer.
        confluent_kafka.KafkaException: later, the brokers do not answer for `retry_seconds`, or
            they reject our credentials.
        deltalake.exceptions.DeltaError: writing to the lake fails for `retry_seconds`.
    """
    stop, started = stop or Event(), monotonic()
    drainer = _Drainer(lake, settings, stop, follow=follow, accept_loss=accept_loss)
    try:
        with manual_garbage_collection():
            drainer.join()
            while not stop.is_set() and (follow or drainer.targets.remain()):
                if max_seconds is not None and monotonic() - started >= max_seconds:
                    break
                drainer.read()
                if drainer.has_full_batch():
                    drainer.write()
                    gc.collect()
                progress(drainer.drained())
            drainer.write()
    finally:
        drainer.member.consumer.close()
    drainer.targets.warn_of_given_up()
    drainer.bronze.check_released()
    return drainer.drained()


class _Drainer:
    """A member of the group that writes to bronze what it reads."""

    def __init__(
        self, lake: str, settings: KafkaSettings, stop: Event, *, follow: bool, accept_loss: bool
    ) -> None:
        self._stop, self._follow, self._lake = stop, follow, lake
        self._read_erasures()
        errors = list[KafkaError]()
        config: dict[str, Any] = {**client_config(settings), "error_cb": errors.append}
        admin = AdminClient(config)
        self.bronze = Checkpoints(lake, settings, admin, accept_loss=accept_loss)
        # Check the topics before anything is created in the lake.
        cluster = check_brokers(settings, admin, errors)
        self._partitions = existing_partitions(cluster, self.bronze.contracts)
        if not self._partitions:
            self.bronze.check_released()
            self._handle_missing_topics()
        create_lake(lake)
        client_id = group_of_lake(lake)
        self._settings = settings.model_copy(update={"group": settings.group or client_id})
        self.member = GroupConsumer(self._settings, client_id)
        self.targets = DrainTargets(
            self.bronze,
            self.member,
            None if is_mock(cluster) else admin,  # the mock cannot describe groups
            self._backoff(),
        )
        self._start_backoff = self._backoff()
        self._drained: dict[Partition, Drained] = {}
        self._batch_started = monotonic()

    def join(self) -> None:
        """Set the targets of a bounded drain, and join the group."""
        if not self._follow:
            with translate_broker_errors(self._settings, self.member.consumer, self.member.errors):
                self.targets.set_from(self.bronze.lags(self.member.consumer, self._partitions))
        self.member.join(self.bronze.contracts)

    def read(self) -> None:
        """Read messages for a moment, then start the partitions that were assigned to us."""
        self.member.read(self._settings.batch_rows - self.member.rows())
        if self.member.pending:
            with self._start_backoff.attempt():
                self.member.start(self.bronze.lags(self.member.consumer, self.member.pending))

    def has_full_batch(self) -> bool:
        """Return whether it is time to write."""
        buffers = self.member.buffers
        if not any(buffer.has_progress for buffer in buffers.values()):
            self._batch_started = monotonic()
            return False
        return (
            self.member.rows() >= self._settings.batch_rows
            or self.member.size() >= self._settings.batch_bytes
            or monotonic() - self._batch_started >= self._settings.batch_seconds
            or (not self._follow and all(map(self.targets.is_buffered, buffers)))
        )

    def write(self) -> None:
        """Append what has been read, in one commit per table with its new watermarks."""
        ids = {key: each.topic_id for key, each in self.member.buffers.items() if each.has_progress}
        if ids:
            for key in self.bronze.recreated(ids):
                self.member.reset(key)
                del ids[key]
        by_topic: dict[str, list[Partition]] = defaultdict(list)
        for key in ids:
            by_topic[key[0]].append(key)
        for topic, keys in by_topic.items():
            self._write_topic(topic, keys)

    def drained(self) -> list[Drained]:
        """Return what has been written so far."""
        return [self._drained[key] for key in sorted(self._drained)]

    def _handle_missing_topics(self) -> None:
        names = ", ".join(self.bronze.contracts)
        message = f"none of these topics exists: {names}; check KEYSTONE_KAFKA_PREFIX"
        if not self._follow:
            raise NoTopicsError(message)
        logger.warning("%s. Waiting until one exists", message)

    def _write_topic(self, topic: str, keys: list[Partition]) -> None:
        buffers = self.member.buffers
        messages = [message for key in keys for message in buffers[key].messages]
        ids = {key: buffers[key].topic_id for key in keys}
        rows: pl.DataFrame | None = None
        backoff = self._backoff()
        while keys:
            with backoff.attempt():
                if backoff.failing:
                    # A failed commit may exist all the same; a new handle shows it.
                    self.bronze.open({topic})
                if rows is None or request_files(self._lake) != self._requests:
                    self._read_erasures()
                    rows = self._rows(self.bronze.contracts[topic], messages, ids)
                    erased = self._erasures.erase(rows)
                    changed, rows = changed_rows(rows, erased)["_source"], erased
                keys = self._unwritten(keys, rows)
                if keys:
                    batch = rows.filter(pl.col("_source").is_in([*map(self._source, keys)]))
                    self.bronze.append(
                        batch,
                        {key: buffers[key].through for key in keys},
                        {key: ids[key] for key in keys},
                        _metrics(batch, int(changed.is_in([*map(self._source, keys)]).sum())),
                    )

    def _rows(
        self,
        contract: type[Bronze],
        messages: Sequence[Message],
        ids: Mapping[Partition, int | None],
    ) -> pl.DataFrame:
        if self._settings.topics_format == "debezium":
            return change_rows(contract, messages, ids, self.bronze.find_row)
        return bronze_rows(contract, messages, ids)

    def _read_erasures(self) -> None:
        self._requests = request_files(self._lake)
        self._erasures = known_erasures(self._lake)

    def _unwritten(self, keys: list[Partition], rows: pl.DataFrame) -> list[Partition]:
        """Return the partitions whose watermark is unchanged.

        Partitions that are written are counted; those that another drainer wrote are reset.
        """
        unwritten, written = [], []
        for key in keys:
            watermark, buffer = self.bronze.watermark(key), self.member.buffers[key]
            if watermark == buffer.through:
                written.append(key)
            elif watermark == buffer.watermark:
                unwritten.append(key)
            else:
                self.member.reset(key)
        if written:
            self._count(written, rows)
        return unwritten

    def _count(self, keys: list[Partition], rows: pl.DataFrame) -> None:
        """Add the rows of written partitions to what is drained, and empty their buffers."""
        for key in keys:
            written = rows.filter(_source=self._source(key))
            before = self._drained.get(key, Drained(*key))
            self._drained[key] = Drained(
                *key,
                rows=before.rows + len(written),
                corrupt=before.corrupt + written["_corrupt_record"].count(),
                offset=self.member.buffers[key].through,
            )
        self.member.mark_written(keys)

    def _source(self, key: Partition) -> str:
        return source_name(*key, self.member.buffers[key].topic_id)

    def _backoff(self) -> Backoff:
        return Backoff(self._settings.retry_seconds, self._stop)


def _metrics(batch: pl.DataFrame, erased: int) -> dict[str, object]:
    newest = batch["_event_time"].max()
    return {
        "read": len(batch),
        "corrupt": batch["_corrupt_record"].count(),
        **({"erased": erased} if erased else {}),
        "newest": newest.isoformat() if isinstance(newest, datetime) else None,
    }
