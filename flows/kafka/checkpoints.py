"""The bronze tables of the topics, and the watermarks that they store."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from contracts.contract import Contract
from flows import delta
from flows.delta.holds import HeldError, held_since, hold_message
from flows.delta.provenance import made_by
from flows.delta.transactions import topic_identity
from flows.kafka.client import KafkaSettings
from flows.kafka.decode import bronze_rows
from flows.kafka.lag import PartitionLag, partition_lags
from flows.kafka.offsets import topic_ids
from flows.kafka.topics import Partition, existing_partitions, topic_of, watermark_name
from transforms.graph import sources

logger = logging.getLogger(__name__)


class LossError(Exception):
    """Kafka lost messages that bronze has not read; says which."""


class Checkpoints:
    """One handle per topic's table, which shows the watermarks of that topic's partitions.

    Append rows through the handle that showed the watermark which they follow: then Delta rejects
    the commit if another writer moved the watermark.
    """

    def __init__(
        self, lake: str, settings: KafkaSettings, admin: AdminClient, *, accept_loss: bool
    ) -> None:
        """Look for held tables in a lake; tables are opened, or created, on demand."""
        every_contract = {topic_of(settings, contract): contract for contract in sources()}
        self.held = _held(lake, every_contract)
        """Topics whose table is held, each with a message; these topics are not drained."""
        self.contracts = {
            topic: contract for topic, contract in every_contract.items() if topic not in self.held
        }
        """The contracts of the topics to drain."""
        self._lake, self._accept_loss = lake, accept_loss
        self._tables = dict[str, DeltaTable]()
        self._admin = admin
        # Four requests must fit between two polls, or the group would replace us.
        self.seconds = min(_SECONDS, settings.poll_seconds / 5)
        """The timeout of each request to the brokers."""

    def open(self, topics: Iterable[str]) -> None:
        """Open the current version of the tables of topics."""
        for topic in topics:
            self._tables[topic] = delta.open_table(self._lake, self.contracts[topic])

    def check_released(self) -> None:
        """Check that no topic was left out because its table is held.

        Raises:
            HeldError: one was.
        """
        if self.held:
            raise HeldError("; ".join(self.held.values()))

    def watermark(self, key: Partition) -> int | None:
        """Return the last offset of a partition that bronze holds."""
        return delta.consumed(self._tables[key[0]], watermark_name(*key))

    def find_row(self, topic: str, source: str, position: int) -> dict[str, Any] | None:
        """Return the row of a message that bronze holds; None if it does not."""
        rows = delta.scan(self._tables[topic]).filter(_source=source, _position=position).collect()
        return next(rows.iter_rows(named=True), None)

    def lags(
        self, consumer: Consumer, partitions: Collection[Partition]
    ) -> dict[Partition, PartitionLag]:
        """Open the tables of partitions, and return where to read on.

        Raises:
            LossError: Kafka lost messages, and `accept_loss` is not set.
            confluent_kafka.KafkaException: no broker answers.
        """
        self.open({topic for topic, _ in partitions})
        lags = partition_lags(consumer, self._admin, self._tables, partitions, self.seconds)
        for lag in lags.values():
            if lag.loss and not self._accept_loss:
                raise LossError(lag.loss + _HOW_TO_ACCEPT)
        return {
            key: self._skip_loss(consumer, key, lag) if lag.loss else lag
            for key, lag in lags.items()
        }

    def deleted(self, partitions: Collection[Partition]) -> set[Partition]:
        """Return the partitions that do not exist any more.

        Raises:
            LossError: there are some, and `accept_loss` is not set.
            confluent_kafka.KafkaException: no broker answers.
        """
        cluster = self._admin.list_topics(timeout=self.seconds)
        topics = {topic for topic, _ in partitions}
        missing = set(partitions) - set(existing_partitions(cluster, topics))
        if missing:
            names = ", ".join(sorted({topic for topic, _ in missing}))
            message = f"deleted during the drain: {names}; messages that bronze lacks are lost"
            if not self._accept_loss:
                raise LossError(message + _HOW_TO_ACCEPT)
            logger.warning("loss accepted: %s", message)
        return missing

    def recreated(self, ids: Mapping[Partition, int | None]) -> set[Partition]:
        """Return the partitions whose topic now has another id.

        If Kafka does not answer, none: a drainer cannot have read from a new topic then.
        """
        try:
            now = topic_ids(self._admin, {topic for topic, _ in ids}, self.seconds)
        except KafkaException as error:
            logger.warning("cannot compare topic ids; Kafka: %s", error.args[0].str())
            return set()
        return {key for key, id_ in ids.items() if id_ and now.get(key[0], id_) != id_}

    def append(
        self,
        rows: pl.DataFrame,
        through: Mapping[Partition, int],
        ids: Mapping[Partition, int | None],
        metrics: Mapping[str, object],
    ) -> None:
        """Append rows of one topic and move its watermarks, in one commit.

        Args:
            rows: the rows of these partitions only.
            through: the new watermark of each partition.
            ids: the topic's id for each partition, where known.
            metrics: the metrics of the commit.

        Raises:
            deltalake.exceptions.CommitFailedError: another writer committed first.
        """
        topic = next(iter(through))[0]
        table = self._tables[topic]
        consumed = {watermark_name(*key): offset for key, offset in through.items()}
        new_ids = {
            name: id_
            for key, id_ in ids.items()
            if id_
            and table.transaction_version(name := topic_identity(watermark_name(*key))) != id_
        }
        with made_by("drain", timed=False):
            delta.append(table, rows, delta.commit_properties(consumed | new_ids, metrics))
        name, version = self.contracts[topic].spec().table, table.version()
        logger.info(
            "%s: appended %s rows in version %s",
            name,
            f"{len(rows):,}",
            version,
            extra={"table": name, "version": version, "rows": len(rows), "offsets": consumed},
        )

    def _skip_loss(self, consumer: Consumer, key: Partition, lag: PartitionLag) -> PartitionLag:
        """Move a watermark over lost messages, and record the loss in the commit."""
        logger.warning("loss accepted: %s", lag.loss)
        no_rows, last = bronze_rows(self.contracts[key[0]], []), lag.next - 1
        try:
            self.append(no_rows, {key: last}, {key: lag.topic_id}, {"lost": lag.loss})
        except CommitFailedError:  # another drainer accepted the loss first, and may be reading
            return self.lags(consumer, [key])[key]
        return replace(lag, stored=last, stored_id=lag.topic_id)


def _held(lake: str, contracts: Mapping[str, type[Contract]]) -> dict[str, str]:
    """Return the topics whose table is held, each with a message."""
    held = {}
    for topic, contract in contracts.items():
        name = contract.spec().table
        if delta.exists(lake, name) and (since := held_since(delta.open_existing(lake, name))):
            held[topic] = hold_message(name, since)
    return held


_SECONDS = 10.0
_HOW_TO_ACCEPT = ". To continue without them, use --accept-loss (or the parameter accept_loss)"
