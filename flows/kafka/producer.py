"""CSV files to Kafka as a stream of events; every message is confirmed or reported."""

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
from flows.config.errors import SettingError
from flows.config.secrets import reveal
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.event_spool import Event, check_share, check_source, read_spool, write_spool
from flows.kafka.schema_registry import connect, register
from flows.kafka.topics import topic_of
from transforms.graph import sources

PROPERTIES = {
    "enable_idempotence": True,
    # After a batch that a broker rejects, end the client instead of sending the next one.
    "enable_gapless_guarantee": True,
    "acks": "all",
    # Messages wait in the client while brokers are unreachable; `give_up_after` ends the wait.
    "message_timeout_ms": 0,
    "linger_ms": 20,
    "compression_type": "lz4",
    "queue_buffering_max_messages": 50_000,
    "queue_buffering_max_kbytes": 64 << 10,
}
"""The properties of the client that sends."""


@dataclass(frozen=True)
class Produced:
    """The number of confirmed messages per topic, and the rejected files with their reasons."""

    confirmed: Mapping[str, int]
    rejected: tuple[str, ...] = ()


class UnconfirmedError(Exception):
    """The brokers did not confirm some messages; says how many, names the first, and says why."""


def produce(
    source: str,
    settings: KafkaSettings,
    *,
    rate: float | None = None,
    give_up_after: float = 300,
    deletes: float = 0,
) -> Produced:
    """Send the records of a folder's CSV files as the events that led to them.

    All in-sync replicas confirm every message, in order per key. If the brokers are unreachable,
    messages wait in a queue of limited size. After a fatal client error, a new client sends the
    unconfirmed messages again, so Kafka may hold a record twice; silver deduplicates it.

    Args:
        source: the folder with the CSV files.
        settings: the address of Kafka, and of the schema registry, if any.
        rate: the maximum number of messages per second.
        give_up_after: seconds without any confirmation after which to stop.
        deletes: the share of the orders to delete at the end, with their items, payments and
            reviews.

    Raises:
        SettingError: `deletes` is not between 0 and 1, or the topics hold change events.
        FileNotFoundError: the folder does not exist, or none of its files belongs to a table.
        BreakingChangeError: the registry has an incompatible message schema; nothing was sent.
        UnconfirmedError: no confirmation came for too long, or Kafka rejects some messages.
    """
    check_share(deletes)
    if settings.topics_format != "plain":
        message = (
            f"produce sends plain records, but the format of the topics {settings.prefix}* is "
            f"{settings.topics_format}; use another prefix, or KEYSTONE_KAFKA_TOPICS_FORMAT=plain"
        )
        raise SettingError(message)
    check_source(source)
    topics = {topic_of(settings, contract): contract for contract in sources()}
    if registry := reveal(settings.registry, "registry"):
        register(connect(registry), topics)
    with TemporaryDirectory(prefix="keystone-produce-") as folder:
        spool = Path(folder)
        rejected = write_spool(source, spool, deletes)
        config = client_config(settings, **PROPERTIES)
        confirmed = deliver(config, settings.prefix, read_spool(spool), rate, give_up_after)
    return Produced(confirmed, tuple(rejected))


def deliver(
    config: Mapping[str, Any],
    prefix: str,
    events: Iterable[Event],
    rate: float | None = None,
    give_up_after: float = 300,
) -> dict[str, int]:
    """Send events in order, and return the number of confirmed messages per topic.

    Args:
        config: the librdkafka configuration of the client.
        prefix: the prefix of each topic's name.
        events: the events to send; they are read no faster than Kafka accepts them.
        rate: the maximum number of messages per second.
        give_up_after: seconds without any confirmation after which to stop.

    Raises:
        UnconfirmedError: no confirmation came for too long, or Kafka rejects some messages.
    """
    delivery = _Delivery(config, prefix, give_up_after)
    try:
        for event in _throttled(events, rate, delivery.poll):
            delivery.send(event)
        delivery.finish()
    finally:
        delivery.close()
    return dict(delivery.confirmed)


_NO_TOPIC = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION")
_REJECTED = ("MSG_SIZE_TOO_LARGE", *_NO_TOPIC)  # errors that a new client would get as well
_MOST_NAMED = 5
_ID = HEX_ID.strip("^$")
_SAFE_MEMBER = rf'"\w+":"(?:{_ID}|\d{{1,2}})"'
_SAFE_KEY = re.compile(rf"\{{{_SAFE_MEMBER}(?:,{_SAFE_MEMBER})*\}}")
_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_LAST_REPORTS_SECONDS = 5.0


class _Delivery:
    """A producer that is replaced after a fatal error, and the unconfirmed messages.

    A message leaves `_unconfirmed` only when Kafka confirms or rejects it. So whatever happens to a
    client, the next one sends all of `_unconfirmed`, in order.
    """

    def __init__(self, config: Mapping[str, Any], prefix: str, give_up_after: float) -> None:
        self._config, self._prefix, self._give_up_after = dict(config), prefix, give_up_after
        self._last_error: deque[KafkaError] = deque(maxlen=1)
        self._producer = self._new_producer()
        self._unconfirmed: dict[int, Event] = {}
        self._rejected: list[Event] = []
        self._broken = False
        self._sent = 0
        self._last_progress = monotonic()
        self._pause = _PAUSE
        self.confirmed: Counter[str] = Counter()

    def send(self, event: Event) -> None:
        """Pass a message to the client; wait while its queue is full."""
        if not self._unconfirmed:
            self._last_progress = monotonic()
        self._sent += 1
        self._unconfirmed[self._sent] = event
        self._enqueue(self._sent, event)
        self.poll(0)

    def poll(self, seconds: float) -> None:
        """Process delivery reports for up to so many seconds, and replace a broken client."""
        self._poll_client(seconds)
        while self._broken:
            self._replace_producer()

    def finish(self) -> None:
        """Wait until all messages are confirmed.

        Raises:
            UnconfirmedError: some are not.
        """
        while self._unconfirmed:
            self.poll(0.1)
        if self._rejected:
            raise self._unconfirmed_error()

    def close(self) -> None:
        """Drop queued messages, which the client would otherwise still send."""
        self._producer.purge()
        with suppress(KafkaException):
            self._producer.poll(0)

    def _enqueue(self, number: int, event: Event) -> None:
        headers: dict[str, str | bytes | None] = {
            "event_time": str(event.event_time),
            "schema_version": message_schema.SCHEMA_VERSION,
        }
        while not self._broken and number in self._unconfirmed:
            try:
                self._producer.produce(
                    self._prefix + event.entity,
                    event.value,
                    event.key,
                    headers=headers,
                    on_delivery=partial(self._on_delivery, number),
                )
            except BufferError:
                self._poll_client(0.1)  # makes room; then enqueue the same message again
            except KafkaException as error:
                self._handle_error(number, error.args[0])
            else:
                return

    def _on_delivery(self, number: int, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._handle_error(number, error)
        elif event := self._unconfirmed.pop(number, None):
            self.confirmed[self._prefix + event.entity] += 1
            self._last_progress, self._pause = monotonic(), _PAUSE

    def _handle_error(self, number: int, error: KafkaError) -> None:
        """Set a rejected message aside; any other error ends the client."""
        if error.name() not in _REJECTED:
            self._mark_broken(error)
        elif event := self._unconfirmed.pop(number, None):
            self._rejected.append(event)
            self._last_error.append(error)

    def _mark_broken(self, error: KafkaError) -> None:
        if not self._broken:  # later errors are consequences of the first
            self._last_error.append(error)
        self._broken = True

    def _poll_client(self, seconds: float) -> None:
        # Do not use `flush`: after it raises a fatal error it keeps calling back, and the reports
        # are lost. `poll` raises once, and its next call delivers the reports.
        try:
            self._producer.poll(seconds)
        except KafkaException as error:
            self._mark_broken(error.args[0])
        if self._unconfirmed and monotonic() - self._last_progress > self._give_up_after:
            raise self._unconfirmed_error()

    def _replace_producer(self) -> None:
        """Collect the last reports of the old client, and send the rest through a new one."""
        # Purge queued messages, which would be sent twice; those in flight may still be confirmed.
        self._producer.purge(in_queue=True, in_flight=False, blocking=False)
        until = monotonic() + min(_LAST_REPORTS_SECONDS, self._give_up_after)
        while len(self._producer) and monotonic() < until:
            self._poll_client(0.1)
        self.close()
        sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._producer, self._broken = self._new_producer(), False
        for number, event in list(self._unconfirmed.items()):
            self._enqueue(number, event)

    def _new_producer(self) -> Producer:
        return Producer({**self._config, "error_cb": self._last_error.append})

    def _unconfirmed_error(self) -> UnconfirmedError:
        left = [*self._rejected, *self._unconfirmed.values()]
        first = ", ".join(
            f"{self._prefix}{event.entity} {_safe_key(event.key)}" for event in left[:_MOST_NAMED]
        )
        cause = _cause(self._last_error[0]) if self._last_error else "none"
        return UnconfirmedError(
            f"not confirmed: {len(left)} of {self._sent} messages, first {first}; last error of "
            f"Kafka: {cause}. Fix the cause and send everything again; silver deduplicates records"
        )


def _cause(error: KafkaError) -> str:
    missing = "the topic does not exist, or was deleted during the run"
    return missing if error.name() in _NO_TOPIC else error.str()


def _safe_key(key: str | None) -> str:
    """Return a key of ids and numbers; hide any other text, which may be personal data."""
    if key is None:
        return "(no key)"
    return key if _SAFE_KEY.fullmatch(key) else "(a key that is not an id)"


def _throttled(
    events: Iterable[Event], rate: float | None, wait: Callable[[float], None]
) -> Iterator[Event]:
    start = monotonic()
    for number, event in enumerate(events):
        while rate and (early := start + number / rate - monotonic()) > 0:
            wait(min(early, 1.0))
        yield event
