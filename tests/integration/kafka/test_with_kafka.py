"""Drains from a real Kafka: recreated topics, transactions, unreachable brokers."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from uuid import uuid4

import polars as pl
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from contracts import bronze
from flows import delta
from flows.delta.transactions import topic_identity
from flows.kafka.checkpoints import LossError
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.consumer import GroupConsumer
from flows.kafka.drain import Drained, drain
from flows.kafka.event_spool import Event as Order
from flows.kafka.lag import lake_lag
from flows.kafka.producer import PROPERTIES, UnconfirmedError, deliver
from flows.kafka.topics import watermark_name
from tests.support.kafka.broker import Broker
from tests.support.kafka.orders import (
    delete_topic,
    eventually,
    make_topic,
    order_ids,
    own_settings,
    recreate_topic,
    send,
    set_property,
    topic,
    values,
)


@pytest.fixture
def settings(real_kafka: Broker) -> Iterator[KafkaSettings]:
    """Settings with an `orders` topic of their own, of one partition."""
    settings = own_settings(real_kafka)
    make_topic(settings)
    yield settings
    AdminClient({"bootstrap.servers": settings.bootstrap}).delete_topics([topic(settings)])


def test_recreated_topic_is_noticed_even_if_longer(lake: str, settings: KafkaSettings) -> None:
    send(settings, 0, 3)
    drain(lake, settings)
    recreate_topic(settings)
    send(settings, 10, 20)
    with pytest.raises(LossError, match=r"created again .* what the old topic had after offset 2"):
        drain(lake, settings)
    (found,) = lake_lag(lake, settings)
    assert "created again" in found.loss
    assert order_ids(lake) == [0, 1, 2]
    assert drain(lake, settings, accept_loss=True) == [Drained(topic(settings), 0, 10, 0, 9)]
    assert drain(lake, settings) == []
    assert order_ids(lake) == [0, 1, 2, *range(10, 20)]
    rows = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    assert not rows.select("_source", "_position").is_duplicated().any()
    old, new = (
        rows.filter(pl.col("order_id").cast(int).is_between(*at)) for at in ((0, 2), (10, 19))
    )
    assert [each["_source"].n_unique() for each in (old, new, rows)] == [1, 1, 2]


def test_a_follower_notices_that_its_topic_was_recreated(
    lake: str, settings: KafkaSettings
) -> None:
    send(settings, 0, 3)
    drain(lake, settings)
    with ThreadPoolExecutor(1) as pool:
        stop = Event()
        follower = pool.submit(drain, lake, settings, follow=True, stop=stop)
        try:
            send(settings, 3, 6)
            eventually(lambda: len(order_ids(lake)) == 6)
            recreate_topic(settings)
            send(settings, 10, 30)
            with pytest.raises(LossError, match="created again"):
                follower.result(60)
        finally:
            stop.set()
    assert order_ids(lake) == list(range(6))


def test_table_without_topic_id_continues_at_its_offset(lake: str, settings: KafkaSettings) -> None:
    send(settings, 0, 5)
    table = delta.open_table(lake, bronze.Orders)
    nothing = delta.scan(table).collect()
    delta.append(
        table, nothing, delta.commit_properties({watermark_name(topic(settings), 0): 2}, {})
    )
    drain(lake, settings)
    assert order_ids(lake) == [3, 4]
    table = delta.open_table(lake, bronze.Orders)
    assert table.transaction_version(topic_identity(watermark_name(topic(settings), 0)))


def test_drain_reaches_the_end_of_a_transaction_of_another_drainer(
    lake: str, settings: KafkaSettings
) -> None:
    """The last offset of the partition holds no message, and a follower owns the partition."""
    with ThreadPoolExecutor(1) as pool:
        stop = Event()
        follower = pool.submit(drain, lake, settings, follow=True, stop=stop)
        try:
            send(settings, 0, 3, transaction=True)
            eventually(lambda: delta.exists(lake, "bronze.orders") and len(order_ids(lake)) == 3)
            drain(lake, settings, max_seconds=60)
            (found,) = lake_lag(lake, settings)
            assert (found.stored, found.end, found.count) == (3, 4, 0)
        finally:
            stop.set()
        follower.result(60)
    assert order_ids(lake) == [0, 1, 2]


def test_follower_survives_an_outage_of_the_broker(
    lake: str, settings: KafkaSettings, real_kafka: Broker
) -> None:
    with ThreadPoolExecutor(1) as pool:
        stop = Event()
        follower = pool.submit(drain, lake, settings, follow=True, stop=stop)
        try:
            send(settings, 0, 3)
            eventually(lambda: delta.exists(lake, "bronze.orders") and len(order_ids(lake)) == 3)
            real_kafka.kill9()
            assert not stop.wait(10)
            real_kafka.start()
            send(settings, 3, 6)
            eventually(lambda: len(order_ids(lake)) == 6)
        finally:
            stop.set()
        follower.result(60)


def test_lag_counts_offsets_of_an_open_transaction(lake: str, settings: KafkaSettings) -> None:
    send(settings, 0, 3)
    config = {"bootstrap.servers": settings.bootstrap, "transactional.id": str(uuid4())}
    producer = Producer(config)
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic(settings), b"{}")
    producer.flush(30)
    send(settings, 3, 5)
    drain(lake, settings)
    (found,) = lake_lag(lake, settings)
    assert (found.stored, found.end, found.count, found.uncommitted) == (2, 3, 0, 3)
    producer.commit_transaction(30)
    eventually(lambda: lake_lag(lake, settings)[0].uncommitted == 0)
    drain(lake, settings)
    assert delta.rows(delta.open_existing(lake, "bronze.orders")) == 6


def test_a_topic_that_is_deleted_ends_a_drain(
    lake: str, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(settings, 0, 3)
    join = GroupConsumer.join

    def delete_and_join(member: GroupConsumer, topics: Iterable[str]) -> None:
        delete_topic(settings)
        join(member, topics)

    monkeypatch.setattr(GroupConsumer, "join", delete_and_join)
    with pytest.raises(LossError, match=f"deleted during the drain: {topic(settings)}"):
        drain(lake, settings, max_seconds=60)
    make_topic(settings)


def test_follower_logs_deletion_and_return_of_its_topic(
    lake: str, settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as pool:
        stop = Event()
        follower = pool.submit(drain, lake, settings, follow=True, accept_loss=True, stop=stop)
        try:
            send(settings, 0, 3)
            eventually(lambda: delta.exists(lake, "bronze.orders") and len(order_ids(lake)) == 3)
            delete_topic(settings)
            eventually(lambda: f"the topic {topic(settings)} was deleted" in caplog.text)
            make_topic(settings)
            send(settings, 10, 12)
            eventually(lambda: len(order_ids(lake)) == 5)
        finally:
            stop.set()
        follower.result(60)
    assert f"the topic {topic(settings)} exists again" in caplog.text


def test_deliver_keeps_the_order_if_the_broker_rejects_a_message(settings: KafkaSettings) -> None:
    """A topic that is compacted takes no message without a key."""
    sent = [Order("orders", None, str(number), 0) for number in range(300)]

    def orders() -> Iterator[Order]:
        yield from sent[:100]
        eventually(lambda: len(values(settings)) == 100)
        set_property(settings, "cleanup.policy", "compact")
        yield from sent[100:200]
        set_property(settings, "cleanup.policy", "delete")
        # The client must not send what follows the rejected message, whatever time it has.
        with suppress(AssertionError):
            eventually(lambda: len(values(settings)) > 100, seconds=2)
        yield from sent[200:]

    config = client_config(settings, **PROPERTIES | {"batch_num_messages": 1, "linger_ms": 0})
    assert deliver(config, settings.prefix, orders(), give_up_after=60) == {topic(settings): 300}
    assert [*dict.fromkeys(values(settings))] == [event.value for event in sent]


def test_deliver_names_messages_of_a_deleted_topic(settings: KafkaSettings) -> None:
    def orders() -> Iterator[Order]:
        yield Order("orders", "a" * 32, "{}", 0)
        delete_topic(settings)
        yield from (Order("orders", "b" * 32, "{}", 0) for _ in range(3))

    config = client_config(
        settings, topic_metadata_propagation_max_ms=1000, topic_metadata_refresh_interval_ms=1000
    )
    with pytest.raises(
        UnconfirmedError, match=r"not confirmed: \d of 4 .*was deleted during the run"
    ):
        deliver(config, settings.prefix, orders(), give_up_after=120)
    make_topic(settings)
