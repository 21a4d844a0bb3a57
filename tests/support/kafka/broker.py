"""A real Apache Kafka for tests: one process (KRaft), loopback only, with its data in one folder.

Maven downloads the jars to `.kafka` (`make .kafka`, or the first test).
"""

import base64
import os
import random
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.support.project import ROOT

POM = ROOT / "tests/support/kafka/pom.xml"
JARS = ROOT / ".kafka"
START_SECONDS = 90


class BrokerError(Exception):
    """Kafka cannot be fetched, does not start or does not answer."""


@dataclass
class Broker:
    """A broker that can be killed and started again with its data."""

    bootstrap: str
    folder: Path
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start the broker and wait until it answers.

        Raises:
            BrokerError: it ended, or did not answer in time; with the end of its log.
        """
        with (self.folder / "broker.log").open("ab") as log:
            command = [*_java(), "kafka.Kafka", str(self.folder / "server.properties")]
            started = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._processes.append(started)
        self._wait_until_it_answers(started)

    def stop(self) -> None:
        """Stop the broker cleanly, if it runs."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """Kill the broker, as a power cut would; the kernel still writes its pages."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the broker: connections stay open, and nothing answers."""
        self._processes[-1].send_signal(signal.SIGSTOP)
        os.waitpid(self._processes[-1].pid, os.WUNTRACED)  # its threads stop one after another

    def resume(self) -> None:
        """Resume a paused broker."""
        self._processes[-1].send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        while self._processes:
            process = self._processes.pop()
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # a paused process handles SIGTERM only after that
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        admin = AdminClient(
            {"bootstrap.servers": self.bootstrap, "reconnect.backoff.max.ms": 200, "log_level": 0}
        )
        deadline = monotonic() + START_SECONDS
        while process.poll() is None and monotonic() < deadline:
            try:
                if admin.list_topics(timeout=1).brokers:
                    return
            except KafkaException:
                continue
        ended = "ended" if process.poll() is not None else f"did not answer in {START_SECONDS} s"
        self._end(signal.SIGKILL)
        log = (self.folder / "broker.log").read_text(errors="replace")
        message = f"Kafka at {self.bootstrap} {ended}; its log ends with:\n{log[-2000:]}"
        raise BrokerError(message)


@contextmanager
def kafka(folder: Path) -> Iterator[Broker]:
    """Run a new, empty broker that keeps everything in a folder, which is made.

    Raises:
        BrokerError: Java or Maven is missing, or the broker does not start.
    """
    fetch()
    folder.mkdir(parents=True, exist_ok=True)
    port, controller = _free_port(), _free_port()
    settings = folder / "server.properties"
    settings.write_text(PROPERTIES.format(port=port, controller=controller, folder=folder))
    cluster = base64.urlsafe_b64encode(b"K" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
    storage = [*_java(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
    _run(storage, "Kafka's storage cannot be formatted")
    broker = Broker(f"127.0.0.1:{port}", folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def fetch() -> None:
    """Have Maven copy Kafka's jars to `.kafka`, unless they are there.

    Raises:
        BrokerError: Java or Maven is missing, or Maven failed.
    """
    if not any(JARS.glob("kafka_*.jar")):
        command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"]
        _run(command, "Kafka's jars cannot be fetched")


def _java() -> list[str]:
    options = ["-Xmx512m", "-Dorg.apache.logging.log4j.level=WARN"]
    return ["java", *options, "-cp", f"{JARS}/*"]


def _run(command: list[str], failure: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        message = f"{failure}: {command[0]} is not installed"
        raise BrokerError(message) from error
    except subprocess.CalledProcessError as error:
        message = f"{failure}:\n{(error.stdout + error.stderr)[-2000:]}"
        raise BrokerError(message) from error


def _free_port() -> int:
    # Below the ports that clients get for their own end: one of those could take the broker's
    # while it is down.
    for port in random.sample(range(15000, 32000), 100):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = "no free port found between 15000 and 32000"
    raise BrokerError(message)


PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
log.dirs={folder}/data

# One broker holds all there is.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# A killed broker's lease has to end before the next one may serve.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500

# Groups form at once, and may notice a dead member within a second.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# A compacted topic is compacted at once.
log.cleaner.backoff.ms=100

auto.create.topics.enable=false
message.max.bytes=16777216
"""
