"""The short stream at the end of `make demo`: `python -m flows.cli.demo LAKE`.

It needs no Kafka installation: librdkafka's mock broker runs inside this process.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from uuid import uuid4

import polars as pl
from confluent_kafka.admin import AdminClient
from polars import col

from contracts.bronze import Orders
from flows import delta
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.drain import drain
from flows.kafka.event_spool import Event
from flows.kafka.producer import deliver, produce
from flows.kafka.topics import create_topics
from flows.pipeline import refresh
from flows.sample import write_sample
from transforms.order_events import message_key

ORDERS = 300


def stream_new_orders(lake: str) -> None:
    """Stream synthetic orders into the lake of a `keystone run`, delete one; print each step."""
    broker = AdminClient({"test.mock.num.brokers": 1, "log_level": 0})
    (address,) = broker.list_topics(timeout=10).brokers.values()
    # Each demo has its own topics, so that a second one adds to the stream.
    settings = KafkaSettings.model_construct(
        bootstrap=f"{address.host}:{address.port}",
        prefix=f"demo-{uuid4().hex[:8]}.",
        group="demo",
        batch_seconds=1.0,
    )
    before = _count(lake)
    print(f"Stream {ORDERS} new orders as events through Kafka:")
    with TemporaryDirectory(prefix="keystone-demo-") as landing:
        write_sample(Path(landing), ORDERS, seed=before)  # a seed that no earlier demo had
        create_topics(settings, partitions=4)
        sent, seconds = _timed(lambda: sum(produce(landing, settings).confirmed.values()))
    print(f"  keystone produce  {sent:6,} events sent and confirmed, {seconds:.1f} s")
    rows, seconds = _timed(lambda: sum(each.rows for each in drain(lake, settings)))
    print(f"  keystone drain    {rows:6,} events in bronze, each exactly once, {seconds:.1f} s")
    tables, seconds = _timed(lambda: sum(each.changed for each in refresh(lake)))
    print(f"  keystone refresh  {tables:6,} tables updated, {seconds:.1f} s")
    after = _count(lake)
    print(
        f"{after - before:,} new orders arrived through Kafka: "
        f"gold.fact_orders {before:,} → {after:,}"
    )
    print("Delete one of them by a tombstone, a message with its key and no value:")
    deliver(client_config(settings), settings.prefix, [_delete_newest_order(lake)])
    drain(lake, settings)
    refresh(lake)
    print(f"  gold.fact_orders {after:,} → {_count(lake):,}")


def _delete_newest_order(lake: str) -> Event:
    """Return the tombstone of the order whose record is the latest, a second after it."""
    orders = delta.scan(delta.open_existing(lake, "silver.orders"))
    newest = orders.filter(col("_source").str.starts_with("kafka/")).top_k(1, by="_event_time")
    message = newest.select(
        pl.lit("orders").alias("entity"),
        message_key(Orders),
        pl.lit(None, pl.String).alias("value"),
        (col("_event_time").dt.epoch("ms") + 1000).alias("event_time"),
    )
    return Event(*message.collect().row(0))


def _count(lake: str) -> int:
    return delta.rows(delta.open_existing(lake, "gold.fact_orders"))


def _timed(step: Callable[[], int]) -> tuple[int, float]:
    started = monotonic()
    return step(), monotonic() - started


if __name__ == "__main__":
    stream_new_orders(*sys.argv[1:])
