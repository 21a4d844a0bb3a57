"""Lag of bronze behind Kafka, per partition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import Consumer, KafkaError
from confluent_kafka.admin import AdminClient
from deltalake import DeltaTable

from flows import delta
from flows.delta.transactions import topic_identity
from flows.kafka.client import (
    KafkaSettings,
    check_brokers,
    client_config,
    translate_broker_errors,
)
from flows.kafka.offsets import high_watermarks, offset_ranges, topic_ids
from flows.kafka.topics import Partition, existing_partitions, topic_of, watermark_name
from transforms.graph import sources


@dataclass(frozen=True)
class PartitionLag:
    """The offsets of a topic partition in bronze and in Kafka."""

    topic: str
    partition: int
    stored: int | None
    """The last offset that bronze holds, if any."""
    low: int
    """The first offset that Kafka still has."""
    end: int
    """One past the last readable offset; an open transaction hides what follows."""
    stored_id: int | None = None
    """The id of the topic that bronze has read, if known."""
    topic_id: int | None = None
    """The id of the topic now, if the brokers have ids."""
    uncommitted: int = 0
    """The number of offsets after `end`: those of open transactions and all later ones."""

    @property
    def next(self) -> int:
        """The offset to read next; after a loss, the first offset that Kafka has."""
        return self.low if self.stored is None or self.loss else self.stored + 1

    @property
    def count(self) -> int:
        """The number of offsets left to read."""
        return self.end - self.next

    @property
    def loss(self) -> str:
        """A description of what Kafka lost before bronze read it; empty if nothing."""
        if self.stored is None:
            return ""
        name = f"{self.topic}, partition {self.partition}"
        if None not in (self.stored_id, self.topic_id) and self.stored_id != self.topic_id:
            return (
                f"{name}: the topic was created again (it has another id); "
                f"what the old topic had after offset {self.stored} is lost"
            )
        if self.stored + 1 < self.low:
            return (
                f"{name}: offsets {self.stored + 1} to {self.low - 1} are lost; "
                f"Kafka deleted them before they were drained"
            )
        if self.stored + 1 <= self.end:
            return ""
        return (
            f"{name}: the topic ends at offset {self.end - 1}, but bronze holds {self.stored}; "
            f"it was created again or truncated, and its other messages are lost"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the offsets as plain values, for JSON."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "stored": self.stored,
            "end": self.end,
            "lag": self.count,
            "uncommitted": self.uncommitted,
            "lost": self.loss,
        }


SECONDS = 5.0
"""Seconds to wait for a broker when a person asks for the lag."""
_GROUP = "keystone"  # a consumer needs a group to ask for offsets; this one never joins it


def lake_lag(lake: str, settings: KafkaSettings, seconds: float = SECONDS) -> list[PartitionLag]:
    """Compare bronze with every partition of the existing topics, without changing anything.

    Raises:
        BrokerUnreachableError: no broker answers in time, or it rejects our credentials.
    """
    contracts = {topic_of(settings, contract): contract for contract in sources()}
    tables = {
        topic: delta.open_existing(lake, contract.spec().table)
        for topic, contract in contracts.items()
        if delta.exists(lake, contract.spec().table)
    }
    errors: list[KafkaError] = []
    config = {**client_config(settings), "error_cb": errors.append}
    client = Consumer({**config, "group.id": settings.group or _GROUP})
    try:
        cluster = check_brokers(settings, client, errors, seconds)
        partitions = existing_partitions(cluster, contracts)
        with translate_broker_errors(settings, client, errors):
            admin = AdminClient(config)
            lags = partition_lags(client, admin, tables, partitions, seconds)
            ends = high_watermarks(admin, partitions, seconds)
        return [replace(lag, uncommitted=max(ends[key] - lag.end, 0)) for key, lag in lags.items()]
    finally:
        client.close()


def partition_lags(
    client: Consumer,
    admin: AdminClient,
    tables: Mapping[str, DeltaTable],
    partitions: Iterable[Partition],
    seconds: float,
) -> dict[Partition, PartitionLag]:
    """Compare the watermarks of table handles with Kafka.

    Args:
        client: the client that asks for offsets.
        admin: the client that asks for topic ids.
        tables: a handle per topic; a topic without a handle has no watermark.
        partitions: the partitions to compare.
        seconds: the timeout of each request.

    Raises:
        confluent_kafka.KafkaException: no broker answers in time.
    """
    partitions = list(partitions)
    ids = topic_ids(admin, {topic for topic, _ in partitions}, seconds)
    ranges = offset_ranges(client, partitions, seconds)
    lags = {}
    for key in partitions:
        topic, name = key[0], watermark_name(*key)
        low, end = ranges[key]
        lags[key] = PartitionLag(
            *key,
            stored=_consumed(tables, topic, name),
            low=low,
            end=end,
            stored_id=_consumed(tables, topic, topic_identity(name)),
            topic_id=ids.get(topic),
        )
    return lags


def _consumed(tables: Mapping[str, DeltaTable], topic: str, name: str) -> int | None:
    return delta.consumed(tables[topic], name) if topic in tables else None
