"""The processes that the harness starts: `produce JOURNAL` and `drain LAKE [--follow]`.

Each takes its settings from the environment and leaves in order on SIGTERM.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.bronze import OrderPayments, Orders
from contracts.contract import Bronze
from flows.drain import drain
from flows.kafka import KafkaSettings, client_config, topic_of

CONTRACTS: tuple[type[Bronze], ...] = (Orders, OrderPayments)
"""What the harness sends; each record's `order_id` is unique and is the message's key."""


def produce(settings: KafkaSettings, journal: Path, stop: Callable[[int], bool]) -> None:
    """Send records, and note each that the broker acknowledges: topic, partition, offset, key.

    Args:
        settings: where to.
        journal: a new file. Each note is written at once, in one piece.
        stop: is told how many have been sent, and says when that is enough.
    """
    with journal.open("xb", buffering=0) as notes:

        def note(error: KafkaError | None, message: Message) -> None:
            if error is None:
                where = f"{message.topic()}\t{message.partition()}\t{message.offset()}"
                notes.write(f"{where}\t{(message.key() or b'').decode()}\n".encode())

        config = client_config(settings, enable_idempotence=True, linger_ms=5)
        producer, sent = Producer(config), 0
        while not stop(sent):
            try:
                for contract in CONTRACTS:
                    _send(producer, topic_of(settings, contract), contract, note)
                    sent += 1
            except BufferError:
                producer.poll(1)
            except KafkaException:  # fatal: this producer is of no more use
                producer = Producer(config)
            producer.poll(0)
        producer.flush()


def _send(
    producer: Producer,
    topic: str,
    contract: type[Bronze],
    note: Callable[[KafkaError | None, Message], None],
) -> None:
    key = uuid4().hex
    record = {**dict.fromkeys(contract.fields(), "é"), "order_id": key}
    headers: dict[str, str | bytes | None] = {
        "event_time": str(time.time_ns() // 1_000_000).encode(),
        "schema_version": b"1",
    }
    producer.produce(
        topic, json.dumps(record).encode(), key.encode(), headers=headers, on_delivery=note
    )


def main() -> None:
    """Play the role that the arguments name, until SIGTERM or (a drainer) until caught up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["produce", "drain"])
    parser.add_argument("place", help="the journal or the lake")
    parser.add_argument("--follow", action="store_true")
    arguments = parser.parse_args()
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    # Whoever wants several to begin at once waits for this word, and closes their input.
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    settings = KafkaSettings()
    if arguments.role == "produce":
        # Fifty records a second and topic or so, until the end.
        produce(settings, Path(arguments.place), lambda _: end.wait(0.02))
    else:
        drain(arguments.place, settings, follow=arguments.follow, stop=end)


if __name__ == "__main__":
    main()
