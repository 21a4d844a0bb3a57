"""Until when a topic keeps its messages."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from flows.kafka.client import KafkaSettings
from flows.kafka.drain import drain
from flows.kafka.retention import NEVER, deleted_by
from flows.kafka.topics import create_topics
from flows.pipeline import forget
from tests.support.erasure import KEY, PERSON
from tests.support.good_records import GOOD
from tests.support.kafka.broker import Broker
from tests.support.kafka.orders import make_topic, topic

NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
DAY = "86400000"


@pytest.mark.parametrize(
    ("config", "latest"),
    [
        ({"retention_ms": DAY, "segment_ms": DAY}, "2018-01-03 13:00 UTC"),
        ({"retention_ms": "-1"}, NEVER),
        ({"retention_ms": "9223372036854775807"}, NEVER),
        ({"cleanup_policy": "compact"}, NEVER),
    ],
)
def test_messages_are_deleted_by_the_settings_of_their_topic(
    real_kafka: Broker, config: dict[str, str], latest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = KafkaSettings(bootstrap=real_kafka.bootstrap, prefix=f"{uuid4()}.")
    make_topic(settings, **config)  # type: ignore[arg-type]  # no setting is named `partitions`
    monkeypatch.setenv("KEYSTONE_KAFKA_BOOTSTRAP", real_kafka.bootstrap)
    assert deleted_by([topic(settings), "no such topic"], NOON) == {topic(settings): latest}


def test_certificate_says_when_the_messages_of_a_person_are_deleted(
    real_kafka: Broker, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = KafkaSettings(bootstrap=real_kafka.bootstrap, prefix=f"{uuid4()}.")
    create_topics(settings, 1)
    record = {**GOOD["customers"], "customer_unique_id": PERSON}
    producer = Producer({"bootstrap.servers": real_kafka.bootstrap})
    producer.produce(f"{settings.prefix}customers", json.dumps(record))
    assert producer.flush(30) == 0
    drain(lake, settings)
    monkeypatch.setenv("KEYSTONE_KAFKA_BOOTSTRAP", real_kafka.bootstrap)
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", KEY)
    page = Path(forget(lake, PERSON).certificate)
    unreached = json.loads(page.with_suffix(".json").read_text())["not reached"]
    found = unreached["latest time of deletion, by topic"]
    assert found.keys() == {f"{settings.prefix}customers"}
    (latest,) = found.values()
    assert latest.endswith(" UTC")
    assert f"offsets 0, until the retention of the topic; deleted at the latest: {latest}" in (
        page.read_text()
    )


@pytest.mark.parametrize("bootstrap", ["", "localhost:1"])
def test_without_a_broker_nothing_is_known(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_KAFKA_BOOTSTRAP", bootstrap)
    assert deleted_by(["olist.orders"], NOON) == {}
