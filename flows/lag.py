"""How far bronze is behind Kafka, partition by partition."""

from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition
from deltalake import DeltaTable

from flows import delta
from flows.kafka import (
    PATIENCE,
    KafkaSettings,
    client_config,
    existing_partitions,
    origin,
    topic_of,
)
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
    """One past the last."""

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
        if self.stored is None or self.low <= self.stored + 1 <= self.end:
            return ""
        where = f"{self.topic}, partition {self.partition}"
        if self.stored + 1 < self.low:
            gone = f"offsets {self.stored + 1} to {self.low - 1} are lost"
            return f"{where}: {gone}: Kafka deleted them before they were drained"
        ends = f"ends at offset {self.end - 1}, but bronze holds {self.stored}"
        return f"{where}: {ends}: the topic was made anew or cut back, and what else it had is lost"


def lag(lake: str, settings: KafkaSettings) -> list[Lag]:
    """Compare bronze with every partition of the topics that exist; changes nothing.

    Raises:
        confluent_kafka.KafkaException: no broker answers, or it does not let us in.
    """
    contracts = {topic_of(settings, contract): contract for contract in sources()}
    tables = {
        topic: delta.open_table(lake, contract)
        for topic, contract in contracts.items()
        if delta.exists(lake, contract.promise().table)
    }
    client = Consumer(client_config(settings, group_id=settings.group))
    try:
        return [
            lag_of(client, topic, partition, tables.get(topic))
            for topic, partition in existing_partitions(client, contracts)
        ]
    finally:
        client.close()


def lag_of(client: Consumer, topic: str, partition: int, table: DeltaTable | None) -> Lag:
    """Compare the watermark that the handle shows with one partition; raises as `lag`."""
    low, end = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE)
    stored = table.transaction_version(origin(topic, partition)) if table else None
    return Lag(topic, partition, stored, low, end)
