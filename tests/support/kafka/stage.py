"""Producers and drainers of a chaos test: started, watched and ended."""

import operator
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import polars as pl
from confluent_kafka import Consumer, TopicPartition

from flows import delta
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.topics import topic_of
from tests.support.kafka.bad_messages import NO_RECORD
from tests.support.kafka.broker import Broker
from tests.support.kafka.exactly_once import faults, read_journals
from tests.support.kafka.same_tables import batch_lake, differences, unaccounted
from tests.support.kafka.shops import landings
from tests.support.project import ROOT
from tests.support.refresh import refresh
from transforms.graph import sources
from transforms.order_events import ENTITY_ORDER, message_key

PARTITIONS = 2
"""Partitions of each topic."""
SESSION_SECONDS = 6
"""Seconds after which the group removes a silent member."""
TIMEOUT = 90
"""Seconds within which a next commit must come."""

Process = subprocess.Popen[bytes]


class StageError(Exception):
    """A process ended by itself or does not end, or nothing was committed for too long."""


def stage_settings(broker: Broker) -> KafkaSettings:
    """Return settings with their own topics and group, and short times."""
    return KafkaSettings(
        bootstrap=broker.bootstrap,
        prefix=f"{uuid4()}.",
        group=str(uuid4()),
        session_seconds=SESSION_SECONDS,
        poll_seconds=SESSION_SECONDS,
        batch_seconds=0.5,
    )


@dataclass
class Stage:
    """The processes of a test, and the folder of their files."""

    broker: Broker
    folder: Path
    settings: KafkaSettings
    dice: random.Random
    drainers: list[Process] = field(default_factory=list)
    producers: list[Process] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    @property
    def lake(self) -> str:
        """The location of the tables."""
        return str(self.folder / "lake")

    def start_producer(self) -> None:
        """Start one more producer, with its own journal."""
        self.producers.append(self._start("produce", self._path("journal")))

    def start_drainer(self, *options: str, stdin: int = subprocess.DEVNULL, **other: Any) -> None:
        """Start one more drainer, with the stage's settings except the given ones."""
        role = ("drain", self.lake, *options)
        self.drainers.append(self._start(*role, stdin=stdin, **other))

    def expect_ready(self) -> None:
        """Wait until all processes are ready; raises as `expect_progress`."""
        self._expect(lambda: all(self._said_ready()), "not all processes were ready")

    def expect_progress(self) -> None:
        """Wait until all processes run and one of them has committed.

        Raises:
            StageError: nothing was for too long, or a process has ended by itself.
        """
        self.expect_ready()
        before = self._commits()
        self._expect(lambda: self._commits() > before, "nothing was committed")

    def await_write(self) -> None:
        """Wait until a drainer has begun to write a data file and not committed it."""
        contract = self.dice.choice(ENTITY_ORDER)
        table = Path(delta.location(self.lake, contract.spec().table))
        before = table.stat().st_mtime_ns  # of the folder; a new file changes it
        deadline = time.monotonic() + SESSION_SECONDS
        while table.stat().st_mtime_ns == before and time.monotonic() < deadline:
            time.sleep(0.0005)

    def expect_takeover(self) -> None:
        """Wait until the watermark of every partition has moved; raises as `expect_progress`."""
        before = self._stored()
        self._expect(
            lambda: all(map(operator.gt, self._stored(), before)), "not every partition moved on"
        )

    def expect_end(self, process: Process) -> None:
        """Wait until a process ends by itself.

        Raises:
            StageError: it does not, or it fails.
        """
        try:
            if status := process.wait(timeout=TIMEOUT):
                self._fail(f"{process.args!r} ended with {status}")
        except subprocess.TimeoutExpired:
            self._fail(f"{process.args!r} did not end within {TIMEOUT} s")

    def end(self, process: Process) -> None:
        """Ask a process to stop; raises as `expect_end`."""
        process.send_signal(signal.SIGTERM)
        self.expect_end(process)

    def clear(self) -> None:
        """Kill the processes that still run."""
        for process in self.drainers + self.producers:
            process.kill()
            process.wait()

    def faults(self) -> list[str]:
        """Drain the rest, refresh, and return the faults of the tables."""
        self.start_drainer()
        self.expect_end(self.drainers.pop())
        journal = read_journals(self.folder)
        refresh(self.lake)
        files = str(self.folder / "lake of files")
        batch_lake(files, landings(self.folder))
        return [*self._bronze_faults(journal), *differences(self.lake, files)]

    def _bronze_faults(self, journal: pl.DataFrame) -> Iterator[str]:
        for contract in sources():
            topic = topic_of(self.settings, contract)
            readable = pl.col("_corrupt_record").is_null()
            key = pl.when(readable).then(message_key(contract)).otherwise(pl.lit(""))
            yield from faults(self.lake, contract, _ends(self.settings, topic), journal, key)
            bad = journal.filter(pl.col("record").is_in(list(NO_RECORD)), topic=topic).select(
                "topic", "partition", _position="offset"
            )
            yield from unaccounted(self.lake, contract, bad)

    def _start(self, *role: str, stdin: int = subprocess.DEVNULL, **other: Any) -> Process:
        values = self.settings.model_dump(exclude_unset=True) | other
        environment = {f"KEYSTONE_KAFKA_{name.upper()}": str(values[name]) for name in values}
        self.logs.append(Path(self._path(f"{role[0]}.log")))
        with self.logs[-1].open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.support.kafka.roles", *role],
                cwd=ROOT,
                env=os.environ | environment,
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _expect(self, event: Callable[[], bool], missing: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not event():
            time.sleep(0.1)
            for process in self.drainers + self.producers:
                if process.poll() is not None:
                    self._fail(f"{process.args!r} ended with {process.returncode}")
            if time.monotonic() > deadline:
                self._fail(f"{missing} for {TIMEOUT} s")

    def _said_ready(self) -> Iterator[bool]:
        return (log.read_bytes().startswith(b"ready") for log in self.logs)

    def _stored(self) -> list[int]:
        """Return the stored offset of every partition that the sample fills, or -1."""
        handles = {
            topic_of(self.settings, contract): delta.open_table(self.lake, contract)
            for contract in ENTITY_ORDER
        }
        return [
            -1 if offset is None else offset
            for topic, handle in handles.items()
            for partition in range(PARTITIONS)
            for offset in [handle.transaction_version(f"kafka/{topic}/{partition}")]
        ]

    def _path(self, suffix: str) -> str:
        return str(self.folder / f"{len(self.logs):05}.{suffix}")

    def _commits(self) -> int:
        return sum(1 for _ in Path(self.lake).glob("bronze/*/_delta_log/*.json"))

    def _fail(self, what: str) -> NoReturn:
        ends = [f"{log.name}: {log.read_text()[-2000:]}" for log in self.logs]
        message = "\n".join([f"{what}; the ends of the logs in {self.folder}:", *ends])
        raise StageError(message)


def _ends(settings: KafkaSettings, topic: str) -> dict[str, int]:
    consumer = Consumer(client_config(settings, group_id=settings.group))
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    ends = {
        f"kafka/{topic}/{partition}": consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=30
        )[1]
        for partition in partitions
    }
    consumer.close()
    return ends
