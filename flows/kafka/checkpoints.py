"""The bronze tables behind the topics, and the offsets that they hold."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import polars as pl
from confluent_kafka import Consumer, KafkaException
from confluent_kafka.admin import AdminClient
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from contracts.contract import Contract
from flows import delta
from flows.delta.holds import HeldError, held_since, hold_message
from flows.delta.transactions import topic_identity
from flows.kafka.client import KafkaSettings, existing_partitions, origin, topic_of
from flows.kafka.decode import bronze_rows
from flows.kafka.lag import Lag, lags_of
from flows.kafka.offsets import Key, topic_ids
from transforms.graph import sources

logger = logging.getLogger(__name__)


class LossError(Exception):
    """Kafka does not have what bronze is to read next; says what is lost."""


class Checkpoints:
    """A handle for each topic's table. What it shows of a partition is where that partition stands.

    Whoever writes does so through the handle that shows the watermark which he has followed.
    """

    def __init__(
        self, lake: str, settings: KafkaSettings, admin: AdminClient, *, accept_loss: bool
    ) -> None:
        """Look at the tables of a lake; they are opened, or made, when they are needed."""
        everything = {topic_of(settings, contract): contract for contract in sources()}
        self.held = _held(lake, everything)
        """By topic whose table a restore holds, and whose messages wait: what to say of it."""
        self.contracts = {
            topic: contract for topic, contract in everything.items() if topic not in self.held
        }
        self._lake, self._accept_loss = lake, accept_loss
        self._tables = dict[str, DeltaTable]()
        self._admin = admin
        # Four questions fit between two polls, or we would be taken for dead.
        self.seconds = min(_SECONDS, settings.poll_seconds / 5)

    def open(self, topics: Iterable[str]) -> None:
        """Look at the tables as they are now."""
        for topic in topics:
            self._tables[topic] = delta.open_table(self._lake, self.contracts[topic])

    def check_released(self) -> None:
        """Make sure that no topic was left out because a restore holds its table.

        Raises:
            HeldError: one was.
        """
        if self.held:
            raise HeldError("; ".join(self.held.values()))

    def of(self, key: Key) -> int | None:
        """Return the last offset that bronze holds of a partition."""
        return delta.consumed(self._tables[key[0]], origin(*key))

    def lags(self, consumer: Consumer, keys: Collection[Key]) -> dict[Key, Lag]:
        """Open the tables of the partitions, and say where each is to be read on.

        Raises:
            LossError: there is nothing to read on from, and that was not accepted.
            confluent_kafka.KafkaException: no broker answers.
        """
        self.open({topic for topic, _ in keys})
        lags = lags_of(consumer, self._admin, self._tables, keys, self.seconds)
        for lag in lags.values():
            if lag.lost and not self._accept_loss:
                message = f"{lag.lost}. To go on without it, accept the loss (accept_loss)"
                raise LossError(message)
        return {
            key: self._accept(consumer, key, lag) if lag.lost else lag for key, lag in lags.items()
        }

    def deleted(self, keys: Collection[Key]) -> set[Key]:
        """Return the partitions that are not there any more.

        Raises:
            LossError: there are some, and that was not accepted.
            confluent_kafka.KafkaException: no broker answers.
        """
        cluster = self._admin.list_topics(timeout=self.seconds)
        gone = set(keys) - set(existing_partitions(cluster, {topic for topic, _ in keys}))
        if gone:
            names = ", ".join(sorted({topic for topic, _ in gone}))
            message = f"deleted while it was drained: {names}; what bronze does not hold is lost"
            if not self._accept_loss:
                message += ". To go on without it, accept the loss (accept_loss)"
                raise LossError(message)
            logger.warning("accepted: %s", message)
        return gone

    def made_anew(self, ids: Mapping[Key, int | None]) -> set[Key]:
        """Return the partitions whose topics are not the ones any more that they were.

        A Kafka that does not answer has not told us of new topics either.
        """
        try:
            now = topic_ids(self._admin, {topic for topic, _ in ids}, self.seconds)
        except KafkaException as error:
            logger.warning("Kafka: %s; are the topics still the same?", error.args[0].str())
            return set()
        return {key for key, id_ in ids.items() if id_ and now.get(key[0], id_) != id_}

    def append(
        self,
        rows: pl.DataFrame,
        through: Mapping[Key, int],
        ids: Mapping[Key, int | None],
        metrics: Mapping[str, object],
    ) -> None:
        """Add rows of one topic, and move its watermarks with them.

        Args:
            rows: of these partitions, and no others.
            through: the new watermark of each partition.
            ids: which topic each watermark belongs to, where that is known.
            metrics: the metrics of the commit.

        Raises:
            deltalake.exceptions.CommitFailedError: somebody else was faster.
        """
        topic = next(iter(through))[0]
        table = self._tables[topic]
        consumed = {origin(*key): offset for key, offset in through.items()}
        for key, id_ in ids.items():
            name = topic_identity(origin(*key))
            if id_ and table.transaction_version(name) != id_:
                consumed[name] = id_
        delta.append(table, rows, delta.commit_properties(consumed, metrics))
        name, version = self.contracts[topic].spec().table, table.version()
        logger.info(
            "%s: version %s has %s rows more",
            name,
            version,
            f"{len(rows):,}",
            extra={
                "table": name,
                "version": version,
                "rows": len(rows),
                "offsets": {origin(*key): offset for key, offset in through.items()},
            },
        )

    def _accept(self, consumer: Consumer, key: Key, lag: Lag) -> Lag:
        logger.warning("accepted: %s", lag.lost)
        nothing, last = bronze_rows(self.contracts[key[0]], []), lag.next - 1
        try:
            self.append(nothing, {key: last}, {key: lag.topic_id}, {"lost": lag.lost})
        except CommitFailedError:  # another drainer has just accepted it, and may be reading
            return self.lags(consumer, [key])[key]
        return replace(lag, stored=last, stored_id=lag.topic_id)


def _held(lake: str, contracts: Mapping[str, type[Contract]]) -> dict[str, str]:
    """Return by topic whose table a restore holds what to say of it."""
    held = {}
    for topic, contract in contracts.items():
        name = contract.spec().table
        if delta.exists(lake, name) and (since := held_since(delta.open_existing(lake, name))):
            held[topic] = hold_message(name, since)
    return held


_SECONDS = 10.0  # that a broker may take to answer
