"""Measure the stream: messages per second into Delta, compared with a bare and a naive consumer.

Run `make bench-stream`, or `python -m benchmarks.stream --messages 2000000 --rounds 5`. It starts a
real Kafka broker and fills it with payments. In each round, every contender reads all messages in a
process of its own. It needs Java 17, Maven and some hundred megabytes of disk space.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import polars as pl
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deltalake import write_deltalake
from rich.console import Console
from rich.progress import track
from rich.table import Table

from contracts.bronze import OrderPayments
from flows.kafka.client import BROKER_TIMEOUT, KafkaSettings, client_config
from flows.kafka.drain import drain
from flows.kafka.topics import existing_partitions, topic_of
from tests.support.kafka.broker import kafka
from tests.support.project import ROOT

PARTITIONS = 4
NEARLY_FULL = 90_000
"""Messages in the queue of a producer, which holds 100,000."""


class Contender(NamedTuple):
    """One way to read a topic, with its settings."""

    role: str
    prefix: str = "all."
    batch_rows: int = KafkaSettings().batch_rows


CONTENDERS = {
    "consume()": Contender("consume"),
    "drain": Contender("drain"),
    "naive": Contender("naive"),
    "drain, a quarter of the messages": Contender("drain", prefix="quarter."),
    "drain, batch_rows=25,000": Contender("drain", batch_rows=25_000),
    "drain, batch_rows=400,000": Contender("drain", batch_rows=400_000),
}


class Run(NamedTuple):
    """The measurements of one run of a contender."""

    messages: int
    seconds: float
    memory: int
    """The peak memory of the process in bytes."""

    @property
    def rate(self) -> float:
        """The messages per second."""
        return self.messages / self.seconds


def benchmark(messages: int, rounds: int) -> dict[str, list[Run]]:
    """Let each contender read all messages once per round.

    Raises:
        BrokerError: Java or Maven is missing, or Kafka does not start.
        subprocess.CalledProcessError: a contender failed.
    """
    runs: dict[str, list[Run]] = {name: [] for name in CONTENDERS}
    schedule = [each for _ in range(rounds) for each in CONTENDERS.items()]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        kafka(Path(folder) / "kafka") as broker,
    ):
        fill(KafkaSettings(bootstrap=broker.bootstrap, prefix="all."), messages)
        fill(KafkaSettings(bootstrap=broker.bootstrap, prefix="quarter."), messages // 4)
        for name, contender in track(schedule, console=Console(stderr=True)):
            with tempfile.TemporaryDirectory(dir=folder) as lake:
                runs[name].append(run(contender, broker.bootstrap, lake))
    return runs


def run(contender: Contender, bootstrap: str, lake: str) -> Run:
    """Run a contender in a process of its own."""
    environment = {
        "KEYSTONE_KAFKA_BOOTSTRAP": bootstrap,
        "KEYSTONE_KAFKA_PREFIX": contender.prefix,
        "KEYSTONE_KAFKA_GROUP": lake,
        "KEYSTONE_KAFKA_BATCH_ROWS": str(contender.batch_rows),
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stream", "--role", contender.role, "--lake", lake],
        cwd=ROOT,
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    return Run(**json.loads(done.stdout))


def fill(settings: KafkaSettings, messages: int) -> None:
    """Send payments, compressed as `keystone produce` does."""
    topic = topic_of(settings, OrderPayments)
    admin = AdminClient(client_config(settings))
    admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS)])[topic].result()
    producer = Producer(client_config(settings, linger_ms=20, compression_type="lz4"))
    headers: list[tuple[str, str | bytes | None]] = [
        ("event_time", "1511535600000"),
        ("schema_version", "1"),
    ]
    for number in range(messages):
        value = (
            f'{{"order_id":"{number:032x}","payment_sequential":"1","payment_type":"credit_card",'
            f'"payment_installments":"{number % 12}","payment_value":"{number % 1000}.90"}}'
        )
        producer.produce(topic, value, f"{number:032x}/1", headers=headers)
        producer.poll(0 if len(producer) < NEARLY_FULL else 1)
    producer.flush()


def consume(settings: KafkaSettings, _lake: str) -> int:
    """Read all messages and discard them."""
    return sum(len(chunk) for chunk, _ in _chunks(settings))


def drained(settings: KafkaSettings, lake: str) -> int:
    """Drain all messages into the lake."""
    return sum(each.rows for each in drain(lake, settings))


def naive(settings: KafkaSettings, lake: str) -> int:
    """Read in the obvious way: a dictionary per message, an append per batch, no watermark."""
    count, rows = 0, list[dict[str, Any]]()
    for chunk, is_last in _chunks(settings):
        for message in chunk:
            row = json.loads(message.value() or b"")
            row["_source"] = f"kafka/{message.topic()}/{message.partition()}"
            row["_position"] = message.offset()
            rows.append(row)
        if is_last or len(rows) >= settings.batch_rows:
            write_deltalake(f"{lake}/payments", pl.DataFrame(rows), mode="append")
            count += len(rows)
            rows.clear()
    return count


def _chunks(settings: KafkaSettings) -> Iterator[tuple[list[Message], bool]]:
    """Read the topic from its beginning; yield each chunk and whether it is the last."""
    # By default librdkafka pauses for a second when its queue is full. That distorts the rates.
    tuned = client_config(settings, group_id=settings.group, fetch_queue_backoff_ms=10)
    consumer = Consumer(tuned)
    cluster = consumer.list_topics(timeout=BROKER_TIMEOUT)
    partitions = existing_partitions(cluster, [topic_of(settings, OrderPayments)])
    left = sum(consumer.get_watermark_offsets(TopicPartition(*each))[1] for each in partitions)
    consumer.assign([TopicPartition(*each, 0) for each in partitions])
    while left:
        messages = consumer.consume(10_000, 0.2)
        left -= len(messages)
        yield messages, not left
    consumer.close()


ROLES: dict[str, Callable[[KafkaSettings, str], int]] = {
    "consume": consume,
    "drain": drained,
    "naive": naive,
}


def run_role(role: str, lake: str) -> Run:
    """Run a contender in this process."""
    began = perf_counter()
    messages = ROLES[role](KafkaSettings(), lake)
    seconds = perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(messages, seconds, getrusage(RUSAGE_SELF).ru_maxrss * unit)


def report(runs: dict[str, list[Run]]) -> Table:
    """Return the runs as a table, one row per contender."""
    table = Table("", "messages/s", "min", "max", "ratio", "peak memory")
    bare = median(run.rate for run in next(iter(runs.values())))
    for name, of_name in runs.items():
        rates = [run.rate for run in of_name]
        cells = [f"{rate:,.0f}" for rate in (median(rates), min(rates), max(rates))]
        memory = f"{max(run.memory for run in of_name) / 1e6:,.0f} MB"
        table.add_row(name, *cells, f"{median(rates) / bare:.2f}", memory)
    return table


def main() -> None:
    """Run the benchmark and print its table, or run one contender (`--role`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--role", choices=list(ROLES), help=argparse.SUPPRESS)
    parser.add_argument("--lake", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        sys.stdout.write(json.dumps(run_role(arguments.role, arguments.lake)._asdict()))
    else:
        Console().print(report(benchmark(arguments.messages, arguments.rounds)))


if __name__ == "__main__":
    main()
