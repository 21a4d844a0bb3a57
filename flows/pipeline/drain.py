"""The drain of Kafka into bronze, with OpenLineage events."""

from typing import Any

from flows import delta
from flows.kafka.client import KafkaSettings
from flows.kafka.drain import Drained
from flows.kafka.drain import drain as drain_topics
from flows.kafka.topics import topic_of
from flows.pipeline.openlineage import Run, observed_run
from flows.pipeline.written_table import WrittenTable
from transforms.graph import sources


def drain(lake: str, settings: KafkaSettings, **options: Any) -> list[Drained]:
    """Append the messages of the topics to bronze; as `flows.kafka.drain.drain`."""
    with observed_run("drain", lake) as run:
        drained = drain_topics(lake, settings, **options)
        if run.id:
            _describe(run, lake, settings, drained)
    return drained


def _describe(run: Run, lake: str, settings: KafkaSettings, drained: list[Drained]) -> None:
    address = settings.bootstrap.partition(",")[0]
    for source in sources():
        topic, table = topic_of(settings, source), source.spec().table
        rows = sum(each.rows for each in drained if each.topic == topic)
        if rows:
            version = delta.open_existing(lake, table).version()
            run.topics.append((address, topic))
            run.written.append(WrittenTable(table, version, rows))
