"""The source files into Kafka, as the life of the shop: every record confirmed, or named."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts import message_schema
from contracts.domain import HEX_ID
from flows.config.secrets import reveal
from flows.kafka.client import KafkaSettings, client_config, topic_of
from flows.kafka.event_spool import Event, check_source, read_spool, write_spool
from flows.kafka.schema_registry import connect, register
from transforms.graph import sources


@dataclass(frozen=True)
class Produced:
    """What was sent: the number of confirmed messages by topic, and the files left out."""

    confirmed: Mapping[str, int]
    rejected: tuple[str, ...] = ()


class UnconfirmedError(Exception):
    """The brokers did not confirm some records; says how many, which first, and why."""


def produce(
    source: str,
    settings: KafkaSettings,
    *,
    rate: float | None = None,
    give_up_after: float = 300,
) -> Produced:
    """Send the records of a folder's CSV files as the events that led to them.

    Every message is confirmed by all in-sync replicas, in order for each key. Brokers that are
    away cost time, not records, and no more memory than the client's queue takes; after an
    error that ends a client a new one goes on. What was not confirmed is then sent again, so a
    record may arrive twice, which silver bears.

    Args:
        source: the folder with the CSV files.
        settings: where Kafka is, and the schema registry, if any.
        rate: messages per second, at most.
        give_up_after: seconds to wait while nothing at all is confirmed.

    Raises:
        FileNotFoundError: there is no such folder, or none of its files belongs to a table.
        BreakingChangeError: the registry knows another message schema; nothing was sent.
        UnconfirmedError: no progress for so long, or messages that Kafka will never take.
    """
    check_source(source)
    topics = {topic_of(settings, contract): contract for contract in sources()}
    if registry := reveal(settings.registry, "registry"):
        register(connect(registry), topics)
    with TemporaryDirectory(prefix="keystone-produce-") as folder:
        spool = Path(folder)
        rejected = write_spool(source, spool)
        config = client_config(settings, **_CLIENT)
        confirmed = deliver(config, settings.prefix, read_spool(spool), rate, give_up_after)
    return Produced(confirmed, tuple(rejected))


def deliver(
    config: Mapping[str, Any],
    prefix: str,
    events: Iterable[Event],
    rate: float | None = None,
    give_up_after: float = 300,
) -> dict[str, int]:
    """Send events, in order, and return how many were confirmed by topic; raises as `produce`.

    Args:
        config: of the client, in librdkafka's words.
        prefix: stands before the entity in the name of its topic.
        events: what to send; read no faster than Kafka takes it.
        rate: messages per second, at most.
        give_up_after: seconds to wait while nothing at all is confirmed.
    """
    delivery = _Delivery(config, prefix, give_up_after)
    try:
        for event in _paced(events, rate, delivery.listen):
            delivery.send(event)
        delivery.finish()
    finally:
        delivery.close()
    return dict(delivery.confirmed)


# Without a timeout a message waits in the client, in its place, for as long as brokers are away:
# it is we who give up. The queue is all that is in memory.
_CLIENT = {
    "enable_idempotence": True,
    "acks": "all",
    "message_timeout_ms": 0,
    "linger_ms": 20,
    "compression_type": "lz4",
    "queue_buffering_max_messages": 50_000,
    "queue_buffering_max_kbytes": 64 << 10,
}
_NO_TOPIC = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION")
_NEVER_TAKEN = ("MSG_SIZE_TOO_LARGE", *_NO_TOPIC)  # another client would not do better
_NAMED = 5
_ID = HEX_ID.strip("^$")
_IDS = re.compile(rf"{_ID}(?:/(?:{_ID}|\d{{1,2}}))*")
_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_LAST_WORDS = 5.0


class _Delivery:
    """A producer that is replaced when it breaks, and the messages that nobody has confirmed yet.

    A message leaves `_waiting` when its delivery is confirmed, and in no other way; so whatever
    becomes of a client, what is in `_waiting` is what the next one has to send, in that order.
    """

    def __init__(self, config: Mapping[str, Any], prefix: str, patience: float) -> None:
        self._config, self._prefix, self._patience = dict(config), prefix, patience
        self._heard: deque[KafkaError] = deque(maxlen=1)
        self._producer = self._new_producer()
        self._waiting: dict[int, Event] = {}
        self._refused: list[Event] = []
        self._broken = False
        self._sent = 0
        self._moved = monotonic()
        self._pause = _PAUSE
        self.confirmed: Counter[str] = Counter()

    def send(self, event: Event) -> None:
        """Hand a message to the client; waits while its queue is full."""
        if not self._waiting:
            self._moved = monotonic()
        self._sent += 1
        self._waiting[self._sent] = event
        self._hand_over(self._sent, event)
        self.listen(0)

    def listen(self, seconds: float) -> None:
        """Hear for up to so many seconds what was confirmed, and mend what broke."""
        self._poll(seconds)
        while self._broken:
            self._replace_producer()

    def finish(self) -> None:
        """Wait until all is confirmed."""
        while self._waiting:
            self.listen(0.1)
        if self._refused:
            raise self._unconfirmed()

    def close(self) -> None:
        """Drop what is still under way: a client would go on sending it behind our back."""
        self._producer.purge()
        with suppress(KafkaException):
            self._producer.poll(0)

    def _hand_over(self, number: int, event: Event) -> None:
        headers: dict[str, str | bytes | None] = {
            "event_time": str(event.event_time),
            "schema_version": message_schema.SCHEMA_VERSION,
        }
        while not self._broken and number in self._waiting:
            try:
                self._producer.produce(
                    self._prefix + event.entity,
                    event.value,
                    event.key,
                    headers=headers,
                    on_delivery=partial(self._reported, number),
                )
            except BufferError:
                self._poll(0.1)  # makes room; then the same message again
            except KafkaException as error:
                self._not_taken(number, error.args[0])
            else:
                return

    def _not_taken(self, number: int, why: KafkaError) -> None:
        if why.name() in _NEVER_TAKEN:
            self._refuse(number, why)
        else:
            self._break(why)

    def _refuse(self, number: int, why: KafkaError) -> None:
        if event := self._waiting.pop(number, None):
            self._refused.append(event)
            self._heard.append(why)

    def _poll(self, seconds: float) -> None:
        # Never `flush`: it goes on calling back after a fatal error was raised, and then loses
        # the reports. `poll` raises, and the next one reports.
        try:
            self._producer.poll(seconds)
        except KafkaException as error:
            self._break(error.args[0])
        if self._waiting and monotonic() - self._moved > self._patience:
            raise self._unconfirmed()

    def _reported(self, number: int, error: KafkaError | None, _message: Message) -> None:
        if error is not None and error.name() in _NEVER_TAKEN:
            self._refuse(number, error)
        elif error is not None:
            self._break(error)
        elif event := self._waiting.pop(number, None):
            self.confirmed[self._prefix + event.entity] += 1
            self._moved, self._pause = monotonic(), _PAUSE

    def _break(self, reason: KafkaError) -> None:
        if not self._broken:  # what follows from the first error explains nothing
            self._heard.append(reason)
        self._broken = True

    def _replace_producer(self) -> None:
        """Hear the last reports of the old client, and send what is left through a new one."""
        # What is still queued would only be sent twice; what is under way may yet be confirmed.
        self._producer.purge(in_queue=True, in_flight=False, blocking=False)
        until = monotonic() + min(_LAST_WORDS, self._patience)
        while len(self._producer) and monotonic() < until:
            self._poll(0.1)
        self.close()
        sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._producer, self._broken = self._new_producer(), False
        for number, event in list(self._waiting.items()):
            self._hand_over(number, event)

    def _new_producer(self) -> Producer:
        return Producer({**self._config, "error_cb": self._heard.append})

    def _unconfirmed(self) -> UnconfirmedError:
        left = [*self._refused, *self._waiting.values()]
        first = ", ".join(f"{self._prefix}{e.entity} {_shown(e.key)}" for e in left[:_NAMED])
        why = _words(self._heard[0]) if self._heard else "nothing"
        return UnconfirmedError(
            f"not confirmed: {len(left)} of {self._sent} messages, the first being {first}. "
            f"Kafka last said: {why}. When that is mended send all again: a repeated record "
            f"changes nothing in silver"
        )


def _words(error: KafkaError) -> str:
    gone = "the topic does not exist, or was deleted meanwhile"
    return gone if error.name() in _NO_TOPIC else error.str()


def _shown(key: str | None) -> str:
    """Return a key of ids and numbers; what else stands in such a field may be of a person."""
    if key is None:
        return "(no key)"
    return key if _IDS.fullmatch(key) else "(a key that is no id)"


def _paced(
    events: Iterable[Event], rate: float | None, wait: Callable[[float], None]
) -> Iterator[Event]:
    start = monotonic()
    for number, event in enumerate(events):
        while rate and (early := start + number / rate - monotonic()) > 0:
            wait(min(early, 1.0))
        yield event
