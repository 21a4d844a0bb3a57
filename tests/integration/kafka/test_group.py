"""Drainers and other members of their consumer group, on a real Kafka."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from confluent_kafka import Consumer

from flows import delta
from flows.kafka.client import KafkaSettings
from flows.kafka.consumer_group import GroupError, group_of_lake
from flows.kafka.drain import Drained, drain
from tests.support.kafka.broker import Broker
from tests.support.kafka.orders import (
    delete_topic,
    eventually,
    make_topic,
    order_ids,
    own_settings,
    send,
    topic,
)


@pytest.fixture
def settings(real_kafka: Broker) -> Iterator[KafkaSettings]:
    """Settings with an `orders` topic of two partitions, each with three orders."""
    settings = own_settings(real_kafka)
    make_topic(settings, partitions=2)
    send(settings, 0, 3, partition=0)
    send(settings, 3, 6, partition=1)
    yield settings
    delete_topic(settings)


@contextmanager
def following(lake: str, settings: KafkaSettings) -> Iterator[None]:
    """A drainer that has both partitions."""
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(drain, lake, settings, follow=True, stop=stop)
        try:
            eventually(lambda: delta.exists(lake, "bronze.orders") and len(order_ids(lake)) == 6)
            yield
        finally:
            stop.set()
        follower.result(60)


def test_drain_names_partitions_of_another_lake_and_does_not_wait(
    lake: str, settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with following(f"{lake}-other", settings):
        (drained,) = drain(lake, settings, max_seconds=120)
    assert drained == Drained(topic(settings), drained.partition, rows=3, offset=2)
    assert len(order_ids(lake)) == 3
    (line,) = [each for each in caplog.messages if "not drained" in each]
    left = 1 - drained.partition
    assert f"partitions not drained: 1 ({topic(settings)} [{left}])" in line
    assert f"another member of the group {settings.group} reads them" in line


def test_drain_waits_for_other_drainers_of_its_lake(
    lake: str, settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with following(lake, settings):
        send(settings, 6, 9, partition=0)
        send(settings, 9, 12, partition=1)
        drain(lake, settings, max_seconds=120)
        assert order_ids(lake) == [*range(12)]
    assert "not drained" not in caplog.text


def test_lakes_without_a_group_setting_do_not_share_one(lake: str, settings: KafkaSettings) -> None:
    own = settings.model_copy(update={"group": ""})
    with following(f"{lake}-other", own):
        assert sum(each.rows for each in drain(lake, own, max_seconds=120)) == 6


@pytest.mark.parametrize("follow", [False, True])
def test_other_assignment_strategy_is_an_error_at_once(
    lake: str, settings: KafkaSettings, *, follow: bool
) -> None:
    config = {"bootstrap.servers": settings.bootstrap, "group.id": settings.group}
    stranger = Consumer({**config, "partition.assignment.strategy": "range"})
    stranger.subscribe([topic(settings)])
    try:
        eventually(lambda: stranger.poll(0.1) is None and len(stranger.assignment()) == 2)
        with pytest.raises(
            GroupError, match=f"{settings.group} has members with another assignment strategy"
        ):
            drain(lake, settings, follow=follow, max_seconds=60)
    finally:
        stranger.close()


def test_invalid_session_timeout_is_an_error_at_once(lake: str, settings: KafkaSettings) -> None:
    short = settings.model_copy(update={"session_seconds": 0.5})
    with pytest.raises(GroupError, match="KEYSTONE_KAFKA_SESSION_SECONDS"):
        drain(lake, short, max_seconds=60)


def test_a_group_belongs_to_one_lake(lake: str) -> None:
    group = group_of_lake(lake)
    assert group == group_of_lake(f"{lake}/")
    assert group != group_of_lake(f"{lake}-other")
    shutil.copytree(lake, f"{lake}-copy")
    assert group != group_of_lake(f"{lake}-copy")
    shutil.rmtree(lake)  # the next call creates another lake at the same path
    assert group != group_of_lake(lake)
