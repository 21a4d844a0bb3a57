"""Kafka to bronze: every message exactly once, despite errors, crashes and other drainers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from contracts import bronze
from flows import delta
from flows.delta.holds import HeldError
from flows.delta.restore import release_table, restore_table
from flows.kafka import consumer
from flows.kafka import drain as drain_module
from flows.kafka.checkpoints import LossError
from flows.kafka.client import KafkaSettings
from flows.kafka.consumer import GroupConsumer
from flows.kafka.drain import Drained, NoTopicsError, drain
from flows.kafka.lag import PartitionLag, lake_lag
from flows.kafka.topics import create_topics, watermark_name
from flows.pipeline.drain import drain as observed_drain
from tests.support.openlineage import receiver
from tests.support.openlineage_settings import openlineage_settings

Produce = Callable[..., None]
ORDERS, SELLERS = "olist.orders", "olist.sellers"
GROUPS = count()


def fresh(settings: KafkaSettings, **more: Any) -> KafkaSettings:
    """Settings with another group, because the mock broker is slow to remove members."""
    return settings.model_copy(update={"group": f"group {next(GROUPS)}", **more})


def numbered(first: int, last: int) -> list[dict[str, str]]:
    return [{"order_id": f"{number}"} for number in range(first, last)]


def orders(lake: str) -> pl.DataFrame:
    return delta.scan(delta.open_existing(lake, "bronze.orders")).collect()


def watermark(lake: str, topic: str = ORDERS, partition: int = 0) -> int | None:
    return delta.open_existing(lake, "bronze.orders").transaction_version(
        watermark_name(topic, partition)
    )


def assert_exactly_once(lake: str, ids: Sequence[int]) -> None:
    """Assert that bronze has each order once, and that watermarks are the highest offsets."""
    rows = orders(lake)
    assert sorted(rows["order_id"].cast(pl.Int64)) == list(ids)
    assert not rows.select("_source", "_position").is_duplicated().any()
    highest = rows.group_by("_source").agg(pl.col("_position").max())
    table = delta.open_existing(lake, "bronze.orders")
    assert all(table.transaction_version(name) == offset for name, offset in highest.iter_rows())


def test_drain_appends_all_messages_to_bronze(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 5), partition=0)
    produce(ORDERS, numbered(5, 8), partition=3)
    produce(SELLERS, [b"?"], partition=1)
    assert drain(lake, settings) == [
        Drained(ORDERS, 0, rows=5, corrupt=0, offset=4),
        Drained(ORDERS, 3, rows=3, corrupt=0, offset=2),
        Drained(SELLERS, 1, rows=1, corrupt=1, offset=0),
    ]
    assert_exactly_once(lake, range(8))


def test_drain_sends_events_with_its_topics_and_tables(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 3))
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        observed_drain(lake, settings)
    assert received.invalid == []
    started, ended = received.events
    assert (started["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    (topic,), (table,) = ended["inputs"], ended["outputs"]
    assert (topic["namespace"], topic["name"]) == (f"kafka://{settings.bootstrap}", ORDERS)
    assert table["name"] == f"{lake}/bronze/orders"
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 3
    version = delta.open_existing(lake, "bronze.orders").version()
    assert table["facets"]["version"]["datasetVersion"] == str(version)


def test_drain_that_fails_says_why_in_its_event(lake: str, settings: KafkaSettings) -> None:
    with (
        receiver() as received,
        openlineage_settings(OPENLINEAGE_URL=received.url),
        pytest.raises(NoTopicsError),
    ):
        observed_drain(lake, settings)
    ended = received.events[-1]
    assert ended["eventType"] == "FAIL"
    error = ended["run"]["facets"]["errorMessage"]["message"]
    assert error.startswith("NoTopicsError: none of these topics exists: olist.")


def test_drain_skips_a_held_table_only(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 2))
    drain(lake, fresh(settings))
    restore_table(lake, "bronze.orders", 0)
    produce(SELLERS, [b"?"])
    with pytest.raises(HeldError, match=r"^bronze\.orders: held since .*keystone release"):
        drain(lake, fresh(settings))
    assert len(orders(lake)) == 0
    assert delta.rows(delta.open_existing(lake, "bronze.sellers")) == 1
    release_table(lake, "bronze.orders")
    drain(lake, fresh(settings))
    assert_exactly_once(lake, range(2))


def test_bronze_keeps_an_event_time_in_the_future(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    year_2100 = datetime(2100, 1, 1, tzinfo=UTC)
    header = str(int(year_2100.timestamp() * 1000))
    produce(ORDERS, numbered(0, 1), headers=[("event_time", header)])
    drain(lake, settings)
    assert orders(lake)["_event_time"].to_list() == [year_2100]


def test_next_drain_reads_on_in_any_group(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 5))
    drain(lake, fresh(settings))
    assert drain(lake, fresh(settings)) == []
    produce(ORDERS, numbered(5, 8))
    assert drain(lake, fresh(settings)) == [Drained(ORDERS, 0, rows=3, corrupt=0, offset=7)]
    assert_exactly_once(lake, range(8))


def test_batches_have_the_size_of_the_settings(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, [{"order_id": str(n), "customer_id": "x" * 1000} for n in range(60)])
    assert drain(lake, fresh(settings, batch_rows=25))[0].rows == 60
    history = delta.open_existing(lake, "bronze.orders").history()
    assert [json.loads(entry[delta.METADATA])["read"] for entry in history[:-1]] == [10, 25, 25]


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "step",
    [(delta, "append"), (consumer, "commit_offsets"), (drain_module, "bronze_rows")],
)
def test_crash_at_any_step_neither_loses_nor_repeats(
    lake: str,
    settings: KafkaSettings,
    produce: Produce,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[ModuleType, str],
) -> None:
    produce(ORDERS, numbered(0, 5))
    drain(lake, fresh(settings))
    produce(ORDERS, numbered(5, 9))
    with monkeypatch.context() as patch:
        patch.setattr(*step, die)
        with pytest.raises(KeyboardInterrupt):
            drain(lake, fresh(settings))
    assert watermark(lake) == (8 if step[1] == "commit_offsets" else 4)
    drain(lake, fresh(settings))
    assert_exactly_once(lake, range(9))


def test_an_error_after_the_commit_does_not_repeat_it(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = delta.append

    def lose_the_response(*args: Any) -> None:
        monkeypatch.setattr(delta, "append", append)
        append(delta.open_table(lake, bronze.Orders), *args[1:])
        raise TimeoutError

    monkeypatch.setattr(delta, "append", lose_the_response)
    produce(ORDERS, numbered(0, 5))
    assert drain(lake, settings) == [Drained(ORDERS, 0, rows=5, corrupt=0, offset=4)]
    assert_exactly_once(lake, range(5))


def test_an_error_before_the_commit_is_retried(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = delta.append

    def fail(*_: object) -> None:
        monkeypatch.setattr(delta, "append", append)
        raise TimeoutError

    monkeypatch.setattr(delta, "append", fail)
    produce(ORDERS, numbered(0, 5))
    assert drain(lake, settings) == [Drained(ORDERS, 0, rows=5, corrupt=0, offset=4)]
    assert_exactly_once(lake, range(5))


def test_drain_ends_when_storage_fails_for_too_long(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(delta, "append", fail)
    produce(ORDERS, numbered(0, 5))
    with pytest.raises(TimeoutError):
        drain(lake, fresh(settings, retry_seconds=0.3))


@pytest.mark.parametrize("taken", [3, 5, 7])
def test_a_drainer_that_was_overtaken_reads_again_from_the_watermark(
    lake: str,
    settings: KafkaSettings,
    produce: Produce,
    monkeypatch: pytest.MonkeyPatch,
    taken: int,
) -> None:
    """Another drainer, which has read less, as much or more, commits first."""
    produce(ORDERS, numbered(0, 5), partition=0)
    produce(ORDERS, numbered(7, 9), partition=1)
    append = delta.append

    def be_overtaken(handle: Any, rows: pl.DataFrame, commit_properties: Any) -> None:
        monkeypatch.setattr(delta, "append", append)
        produce(ORDERS, numbered(5, 7))
        theirs = rows.head(1).with_columns(_source=pl.lit(watermark_name(ORDERS, 0)))
        theirs = pl.concat(
            theirs.with_columns(order_id=pl.lit(str(n)), _position=pl.lit(n)) for n in range(taken)
        )
        other = delta.open_table(lake, bronze.Orders)
        append(other, theirs, delta.commit_properties({watermark_name(ORDERS, 0): taken - 1}, {}))
        append(handle, rows, commit_properties)

    monkeypatch.setattr(delta, "append", be_overtaken)
    drain(lake, settings)
    drain(lake, fresh(settings))
    assert_exactly_once(lake, range(9))


def test_several_drainers_share_an_empty_lake(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    for partition in range(4):
        produce(ORDERS, numbered(partition * 500, partition * 500 + 500), partition=partition)
    small = fresh(settings, batch_rows=50)
    with ThreadPoolExecutor(4) as pool:
        drained = list(pool.map(lambda _: drain(lake, small), range(4)))
    assert_exactly_once(lake, range(2000))
    assert sum(each.rows for one in drained for each in one) == 2000


def test_second_drainer_takes_its_share(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    for partition in range(4):
        produce(ORDERS, numbered(partition * 500, partition * 500 + 500), partition=partition)
    stop, shared = Event(), fresh(settings)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(drain, lake, shared, follow=True, stop=stop)
        second = pool.submit(drain, lake, shared, follow=True, stop=stop)
        drain(lake, fresh(settings))
        for partition in range(4):
            base = 2000 + partition * 500
            produce(ORDERS, numbered(base, base + 500), partition=partition)
        drain(lake, fresh(settings))
        stop.set()
        assert {first.exception(30), second.exception(30)} == {None}
    assert_exactly_once(lake, range(4000))


def test_groups_that_read_the_same_partitions_repeat_nothing(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    """Like zombies, all drainers read and write the same partitions."""
    produce(ORDERS, numbered(0, 2000))
    with ThreadPoolExecutor(3) as pool:
        zombies = [
            pool.submit(drain, lake, fresh(settings, batch_rows=size)) for size in (20, 30, 70)
        ]
        drained = [zombie.result() for zombie in zombies]
    assert_exactly_once(lake, range(2000))
    assert sum(each.rows for one in drained for each in one) >= 2000


def test_stop_finishes_the_batch(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, read = Event(), GroupConsumer.read

    def read_and_stop(member: GroupConsumer, room: int) -> None:
        read(member, room)
        if member.rows():
            stop.set()

    monkeypatch.setattr(GroupConsumer, "read", read_and_stop)
    produce(ORDERS, numbered(0, 5))
    slow = fresh(settings, batch_seconds=600)
    assert drain(lake, slow, follow=True, stop=stop)[0].rows == 5
    assert_exactly_once(lake, range(5))


def test_a_drain_ends_after_max_seconds(lake: str, settings: KafkaSettings) -> None:
    create_topics(settings, partitions=4)
    assert drain(lake, settings, follow=True, max_seconds=1) == []


def test_empty_topics_are_drained_at_once(lake: str, settings: KafkaSettings) -> None:
    create_topics(settings, partitions=4)
    assert drain(lake, settings) == []


def test_a_lake_that_cannot_be_created_fails_the_drain_at_once(
    settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 1))
    with pytest.raises(OSError, match=r"^/proc/x/lake: the lake cannot be created"):
        drain("/proc/x/lake", settings)


def test_missing_topics_are_an_error(lake: str, settings: KafkaSettings) -> None:
    with pytest.raises(NoTopicsError, match="KEYSTONE_KAFKA_PREFIX"):
        drain(lake, settings)


def test_lag_counts_the_offsets_that_bronze_lacks(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 5))
    assert lake_lag(lake, settings)[0] == PartitionLag(ORDERS, 0, stored=None, low=0, end=5)
    drain(lake, fresh(settings))
    produce(ORDERS, numbered(5, 8))
    (first, *others) = lake_lag(lake, settings)
    assert (first.stored, first.end, first.count) == (4, 8, 3)
    assert [other.count for other in others] == [0, 0, 0]


def test_lag_changes_nothing(lake: str, settings: KafkaSettings, produce: Produce) -> None:
    produce(ORDERS, numbered(0, 5))
    older = pl.DataFrame(schema=["_source"]).cast(pl.String)  # a table without the other columns
    older.write_delta(Path(lake, "bronze", "orders"), mode="append")
    lake_lag(lake, settings)
    assert delta.open_existing(lake, "bronze.orders").version() == 0


@pytest.mark.parametrize("formatter", ["json", ""])
def test_a_follower_logs_each_commit(
    lake: str, settings: KafkaSettings, produce: Produce, formatter: str
) -> None:
    produce(ORDERS, numbered(0, 5))
    follow = ["drain", "--lake", lake, "--bootstrap", settings.bootstrap, "--follow"]
    log = subprocess.run(
        [sys.executable, "-m", "flows", *follow, "--max-seconds", "8"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": formatter},
    ).stderr
    if formatter:
        (line,) = map(json.loads, log.splitlines())
        assert (line["table"], line["version"], line["rows"]) == ("bronze.orders", 1, 5)
        assert line["offsets"] == {f"kafka/{ORDERS}/0": 4}
        assert line["message"] == "bronze.orders: appended 5 rows in version 1"
    else:
        assert log.endswith(" INFO bronze.orders: appended 5 rows in version 1\n")


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_follower_stops_cleanly_on_a_signal(
    lake: str, settings: KafkaSettings, produce: Produce, signalled: signal.Signals
) -> None:
    produce(ORDERS, numbered(0, 5))
    follow = ["drain", "--lake", lake, "--bootstrap", settings.bootstrap, "--follow"]
    follower = subprocess.Popen(
        [sys.executable, "-m", "flows", *follow],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KEYSTONE_KAFKA_BATCH_ROWS": "5", "KEYSTONE_KAFKA_BATCH_SECONDS": "600"},
    )
    assert follower.stderr is not None
    assert "bronze.orders: appended 5 rows in version 1" in follower.stderr.readline()
    follower.send_signal(signalled)
    table, errors = follower.communicate(timeout=60)
    assert (follower.returncode, errors) == (0, "")
    assert table.split()[-5:] == [ORDERS, "0", "5", "0", "4"]


def test_offsets_are_committed_for_lag_monitors(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    produce(ORDERS, numbered(0, 5))
    settings = fresh(settings)
    drain(lake, settings)
    monitor = Consumer({"bootstrap.servers": settings.bootstrap, "group.id": settings.group})
    (committed,) = monitor.committed([TopicPartition(ORDERS, 0)], timeout=10)
    monitor.close()
    assert committed.offset == 5


def pretend(lake: str, offset: int) -> None:
    """Set the watermark of orders without any rows."""
    table = delta.open_table(lake, bronze.Orders)
    rows = delta.scan(table).collect()
    delta.append(table, rows, delta.commit_properties({watermark_name(ORDERS, 0): offset}, {}))


def test_a_recreated_topic_is_refused_and_accepted_on_request(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    pretend(lake, 100)
    produce(ORDERS, numbered(0, 5))
    for follow in (False, True):
        with pytest.raises(LossError, match=r"ends at offset 4, but bronze holds 100"):
            drain(lake, fresh(settings), follow=follow, max_seconds=20)
    drain(lake, fresh(settings), accept_loss=True)
    assert_exactly_once(lake, range(5))


def test_messages_that_kafka_has_deleted_are_refused_and_accepted_on_request(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    pretend(lake, 1)
    big = {"order_id": "7", "customer_id": "x" * 900_000}
    for _ in range(12):  # the mock broker keeps five megabytes
        produce(ORDERS, [big])
    low = lake_lag(lake, settings)[0].low
    assert low > 2
    with pytest.raises(LossError, match=rf"offsets 2 to {low - 1} are lost"):
        drain(lake, fresh(settings))
    assert orders(lake).is_empty()
    assert drain(lake, fresh(settings), accept_loss=True)[0].rows == 12 - low
    assert orders(lake)["_position"].min() == low
    notes = [entry.get("keystone", "") for entry in delta.open_table(lake, bronze.Orders).history()]
    assert any("are lost" in note for note in notes)


def test_a_gap_after_a_start_is_accepted_the_second_time(settings: KafkaSettings) -> None:
    """A compacted or transactional topic: offsets 0 to 4 and 6 to 7 hold no message."""
    create_topics(settings, partitions=4)
    member, key = GroupConsumer(fresh(settings)), (ORDERS, 0)
    message = Message(topic=ORDERS, partition=0, offset=5, value=b"{}", timestamp=(1, 0))
    for believed in (False, True):
        member.start({key: PartitionLag(*key, stored=None, low=0, end=8)})
        member.accept(key, [message], 8)
        assert (key in member.buffers) == believed
    assert member.buffers[key].through == 7
    assert member.buffers[key].has_progress
    member.consumer.close()
