"""The processes that the harness starts: `produce JOURNAL` and `drain LAKE [--follow]`.

Each takes its settings from the environment and stops cleanly on SIGTERM.
"""

import argparse
import itertools
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.drain import drain
from flows.kafka.event_spool import Event
from flows.kafka.topics import existing_partitions, topic_of
from tests.support.kafka.bad_messages import NO_RECORD
from tests.support.kafka.exactly_once import read_journals
from tests.support.kafka.shops import shop
from transforms.graph import sources

Headers = list[tuple[str, str | bytes | None]]

BAD_EVERY = 5
"""One of this many messages is not a record."""
PAUSE = 0.006
"""Seconds from one message to the next."""


def produce(settings: KafkaSettings, journal: Path, stop: Callable[[int], bool]) -> None:
    """Send the events of one shop after another, each shop until all its events are acknowledged.

    Continues where the other journals in the folder end. Messages that an earlier producer sent
    but could not record are sent again.

    Args:
        settings: the address of Kafka.
        journal: a new file. Each acknowledged message is written at once, in one piece: topic,
            partition, offset, key, and what it was ("<shop>/<event>", or a kind of bad message).
        stop: a function of the number of sent messages; once true, no further shop begins.
    """
    recorded = read_journals(journal.parent)["record"].to_list()
    shops = [int(record.partition("/")[0]) for record in recorded if "/" in record]
    with journal.open("xb", buffering=0) as notes:
        sender = _Sender(settings, notes)
        for number in itertools.count(max(shops, default=0)):
            events = {f"{number}/{i}": e for i, e in enumerate(shop(journal.parent, number))}
            sender.left = {record: events[record] for record in events.keys() - set(recorded)}
            if sender.send_all(stop):
                return


class _Sender:
    """A producer, and the events that are still to be acknowledged."""

    def __init__(self, settings: KafkaSettings, notes: BinaryIO) -> None:
        self.left = dict[str, Event]()
        self._settings, self._notes, self._sent = settings, notes, 0
        self._producer = self._new_producer()
        self._places = existing_partitions(
            AdminClient(client_config(settings)).list_topics(timeout=30),
            [topic_of(settings, contract) for contract in sources()],
        )

    def send_all(self, stop: Callable[[int], bool]) -> bool:
        """Send the events until all are acknowledged; return whether to stop."""
        enough = False
        while self.left:
            for record, event in sorted(self.left.items(), key=lambda item: _number(item[0])):
                headers: Headers = [("event_time", str(event.event_time)), ("schema_version", "1")]
                topic, key = self._settings.prefix + event.entity, event.key or ""
                self._try(record, topic=topic, value=event.value, key=key, headers=headers)
                if self._sent % BAD_EVERY == 0:
                    self._send_bad()
                enough = enough or stop(self._sent)
            self._flush()
        return enough

    def _send_bad(self) -> None:
        kind, bad = random.choice(list(NO_RECORD.items()))
        topic, partition = random.choice(self._places)
        self._try(kind, topic=topic, value=bad.value(self._sent), key="", partition=partition)

    def _try(self, record: str, **message: Any) -> None:
        """Enqueue a message; if that fails, it is sent again later."""
        self._sent += 1
        try:
            self._producer.produce(**message, on_delivery=partial(self._note, record))
            self._producer.poll(0)
        except BufferError:
            time.sleep(0.1)
        except KafkaException:  # fatal: replace this producer
            self._producer = self._new_producer()

    def _flush(self) -> None:
        with suppress(KafkaException):
            self._producer.flush()

    def _note(self, record: str, error: KafkaError | None, message: Message) -> None:
        if error is None:
            where = f"{message.topic()}\t{message.partition()}\t{message.offset()}"
            self._notes.write(f"{where}\t{_text(message.key())}\t{record}\n".encode())
            self.left.pop(record, None)

    def _new_producer(self) -> Producer:
        return Producer(client_config(self._settings, enable_idempotence=True, linger_ms=5))


def main() -> None:
    """Run the role that the arguments name until SIGTERM; a bounded drainer ends by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["produce", "drain"])
    parser.add_argument("path", help="the journal or the lake")
    parser.add_argument("--follow", action="store_true")
    arguments = parser.parse_args()
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    # To start several at once, the harness waits for this word, then closes their input.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    settings = KafkaSettings()
    if arguments.role == "produce":
        produce(settings, Path(arguments.path), lambda _: end.wait(PAUSE))
    else:
        drain(arguments.path, settings, follow=arguments.follow, stop=end)


def _number(record: str) -> int:
    return int(record.partition("/")[2])


def _text(key: str | bytes | None) -> str:
    return key.decode() if isinstance(key, bytes) else key or ""


if __name__ == "__main__":
    main()
