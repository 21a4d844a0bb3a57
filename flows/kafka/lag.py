"""How far bronze is behind Kafka, partition by partition."""

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
    existing_partitions,
    origin,
    topic_of,
    translate_broker_errors,
)
from flows.kafka.offsets import Key, high_watermarks, offsets_held, topic_ids
from transforms.graph import sources


@dataclass(frozen=True)
class Lag:
    """What bronze holds of a topic partition, and what Kafka has; offsets."""

    topic: str
    partition: int
    stored: int | None
    """The last one that bronze holds, if any."""
    low: int
    """The first one that Kafka still has."""
    end: int
    """One past the last that may be read; an open transaction keeps what follows it back."""
    stored_id: int | None = None
    """The id of the topic that bronze was filled from, where it was noted."""
    topic_id: int | None = None
    """The id that the topic has now, where the brokers give one."""
    uncommitted: int = 0
    """How many offsets follow `end`: those of an open transaction, and all after it."""

    @property
    def next(self) -> int:
        """The offset to read next; the first, where what should be next is lost."""
        return self.low if self.stored is None or self.lost else self.stored + 1

    @property
    def behind(self) -> int:
        """The number of offsets that are still to be read."""
        return self.end - self.next

    @property
    def lost(self) -> str:
        """What Kafka has lost before it got to bronze, in words; empty if nothing."""
        if self.stored is None:
            return ""
        where = f"{self.topic}, partition {self.partition}"
        if None not in (self.stored_id, self.topic_id) and self.stored_id != self.topic_id:
            gone = f"what the old one had behind offset {self.stored} is lost"
            return f"{where}: the topic was made anew (it has another id): {gone}"
        if self.stored + 1 < self.low:
            gone = f"offsets {self.stored + 1} to {self.low - 1} are lost"
            return f"{where}: {gone}: Kafka deleted them before they were drained"
        if self.stored + 1 <= self.end:
            return ""
        ends = f"ends at offset {self.end - 1}, but bronze holds {self.stored}"
        return f"{where}: {ends}: the topic was made anew or cut back, and what else it had is lost"

    def as_dict(self) -> dict[str, Any]:
        """Return where bronze and Kafka stand as plain values; `lag` is how many are between."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "stored": self.stored,
            "end": self.end,
            "lag": self.behind,
            "uncommitted": self.uncommitted,
            "lost": self.lost,
        }


SECONDS = 5.0  # that somebody who asks how it stands waits for a broker
_READER = "keystone"  # a client that asks for offsets needs the name of a group, and joins none


def lag(lake: str, settings: KafkaSettings, seconds: float = SECONDS) -> list[Lag]:
    """Compare bronze with every partition of the topics that exist; changes nothing.

    Raises:
        NoAnswerError: no broker answers within so many seconds, or it does not let us in.
    """
    contracts = {topic_of(settings, contract): contract for contract in sources()}
    tables = {
        topic: delta.open_existing(lake, contract.spec().table)
        for topic, contract in contracts.items()
        if delta.exists(lake, contract.spec().table)
    }
    heard: list[KafkaError] = []
    config = {**client_config(settings), "error_cb": heard.append}
    client = Consumer({**config, "group.id": settings.group or _READER})
    try:
        there = existing_partitions(check_brokers(settings, client, heard, seconds), contracts)
        with translate_broker_errors(settings, client, heard):
            admin = AdminClient(config)
            lags = lags_of(client, admin, tables, there, seconds)
            ends = high_watermarks(admin, there, seconds)
        return [replace(lag, uncommitted=max(ends[key] - lag.end, 0)) for key, lag in lags.items()]
    finally:
        client.close()


def lags_of(
    client: Consumer,
    admin: AdminClient,
    tables: Mapping[str, DeltaTable],
    keys: Iterable[Key],
    seconds: float,
) -> dict[Key, Lag]:
    """Compare the watermarks that the handles show with these partitions.

    Args:
        client: whom to ask for offsets.
        admin: whom to ask for the topics' ids.
        tables: a handle for each topic; a topic without one holds nothing yet.
        keys: the partitions.
        seconds: how long each question may take.

    Raises:
        confluent_kafka.KafkaException: no broker answers in that time.
    """
    keys = list(keys)
    ids = topic_ids(admin, {topic for topic, _ in keys}, seconds)
    held = offsets_held(client, keys, seconds)
    return {
        key: Lag(
            *key,
            _carried(tables, key, origin(*key)),
            *held[key],
            _carried(tables, key, topic_identity(origin(*key))),
            ids.get(key[0]),
        )
        for key in keys
    }


def _carried(tables: Mapping[str, DeltaTable], key: Key, name: str) -> int | None:
    return delta.consumed(tables[key[0]], name) if key[0] in tables else None
