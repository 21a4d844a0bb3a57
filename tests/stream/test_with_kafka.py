"""What only a real Kafka shows: topics made anew, transactions, brokers that are away."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts import bronze
from flows import delta
from flows.drain import Drained, drain
from flows.kafka import KafkaSettings, origin
from flows.lag import identity, lag
from flows.watermarks import LossError
from tests.stream.broker import Broker

ORDER = dict.fromkeys(bronze.Orders.fields().names(), "?")


@pytest.fixture
def settings(real_kafka: Broker) -> Iterator[KafkaSettings]:
    """Settings with an `orders` topic of their own, of one partition."""
    settings = KafkaSettings(
        bootstrap=real_kafka.bootstrap,
        prefix=f"{uuid4()}.",
        group=str(uuid4()),
        batch_seconds=0.2,
        session_seconds=6,
    )
    make_topic(settings)
    yield settings
    AdminClient({"bootstrap.servers": settings.bootstrap}).delete_topics([topic(settings)])


def topic(settings: KafkaSettings) -> str:
    return settings.prefix + "orders"


def make_topic(settings: KafkaSettings) -> None:
    """Create the topic; one of that name that is being deleted must be gone first."""
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    new = NewTopic(topic(settings), 1, 1)

    def made() -> bool:
        try:
            admin.create_topics([new])[topic(settings)].result()
        except KafkaException:
            return False
        return True

    eventually(made)


def make_anew(settings: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    admin.delete_topics([topic(settings)])[topic(settings)].result()
    make_topic(settings)


def send(settings: KafkaSettings, first: int, last: int, *, transaction: bool = False) -> None:
    config = {"bootstrap.servers": settings.bootstrap, "message.timeout.ms": 60_000}
    producer = Producer(config | ({"transactional.id": str(uuid4())} if transaction else {}))
    if transaction:
        producer.init_transactions(30)
        producer.begin_transaction()
    for number in range(first, last):
        producer.produce(topic(settings), json.dumps({**ORDER, "order_id": f"{number}"}))
    if transaction:
        producer.commit_transaction(30)
    assert producer.flush(60) == 0


def order_ids(lake: str) -> list[int]:
    rows = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    return sorted(int(number) for number in rows["order_id"])


def eventually(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = monotonic() + seconds
    while not happened():
        assert monotonic() < until, "it did not happen"
        sleep(0.1)


def test_a_topic_made_anew_is_noticed_though_it_is_longer(
    lake: str, settings: KafkaSettings
) -> None:
    send(settings, 0, 3)
    drain(lake, settings)
    make_anew(settings)
    send(settings, 10, 20)
    with pytest.raises(LossError, match=r"made anew .* what the old one had behind offset 2"):
        drain(lake, settings)
    (found,) = lag(lake, settings)
    assert "made anew" in found.lost
    assert order_ids(lake) == [0, 1, 2]
    assert drain(lake, settings, accept_loss=True) == [Drained(topic(settings), 0, 10, 0, 9)]
    assert drain(lake, settings) == []
    assert order_ids(lake) == [0, 1, 2, *range(10, 20)]


def test_a_follower_notices_that_its_topic_was_made_anew(
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
            make_anew(settings)
            send(settings, 10, 30)
            with pytest.raises(LossError, match="made anew"):
                follower.result(60)
        finally:
            stop.set()
    assert order_ids(lake) == list(range(6))


def test_a_table_from_before_topics_were_told_apart_goes_on(
    lake: str, settings: KafkaSettings
) -> None:
    send(settings, 0, 5)
    table = delta.open_table(lake, bronze.Orders)
    nothing = delta.scan(table).collect()
    delta.append(table, nothing, delta.carrying({origin(topic(settings), 0): 2}, {}))
    drain(lake, settings)
    assert order_ids(lake) == [3, 4]
    table = delta.open_table(lake, bronze.Orders)
    assert table.transaction_version(identity(origin(topic(settings), 0)))


def test_who_waits_for_another_drainer_sees_the_end_of_a_transaction(
    lake: str, settings: KafkaSettings
) -> None:
    """The last offset of the partition holds no message, and a follower has the partition."""
    with ThreadPoolExecutor(1) as pool:
        stop = Event()
        follower = pool.submit(drain, lake, settings, follow=True, stop=stop)
        try:
            send(settings, 0, 3, transaction=True)
            eventually(lambda: delta.exists(lake, "bronze.orders") and len(order_ids(lake)) == 3)
            drain(lake, settings, max_seconds=60)
            (found,) = lag(lake, settings)
            assert (found.stored, found.end, found.behind) == (3, 4, 0)
        finally:
            stop.set()
        follower.result(60)
    assert order_ids(lake) == [0, 1, 2]


def test_a_broker_that_is_away_costs_a_follower_time(
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
