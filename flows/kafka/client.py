"""How to reach Kafka, and what its topics are called.

Set it in the environment as KEYSTONE_KAFKA_<NAME>. Passwords never show in a log or an error; one
may also be the name of a Prefect block that holds it: `block:secret/kafka`.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # exported, but not typed so
from confluent_kafka.cimpl import NewTopic
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from contracts.contract import Bronze
from flows.config.errors import SettingError
from flows.config.secrets import reveal
from flows.config.settings import Environment
from transforms.graph import sources

BROKER_TIMEOUT = 30.0
"""Seconds to wait for a broker's answer."""
START_SECONDS = 10.0
"""Seconds to wait for the first answer of all."""

_TOKEN_SECONDS = 300
_ATTEMPT_SECONDS = 1.0
_HOPE_SECONDS = 3.0

logger = logging.getLogger(__name__)


class KafkaSettings(Environment):
    """Where Kafka is, how it lets us in, and how much is read before it is written."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_KAFKA_")

    bootstrap: str = ""
    """The brokers to ask first: "host:port,host:port"."""
    prefix: str = "olist."
    """What stands before an entity in the name of its topic."""
    group: str = ""
    """The consumer group: drainers of one group share the partitions. When not set, each lake has a
    group of its own, `keystone-` and an id of the lake."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"] | None = None
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_location: str = ""
    """The file with the authorities behind the brokers' certificates; the system's when not set."""
    certificate_location: str = ""
    """The file with our own certificate, for mutual TLS."""
    key_location: str = ""
    key_password: SecretStr = SecretStr("")
    region: str = ""
    """The AWS region of the cluster, for AWS_MSK_IAM; credentials are found as AWS finds them."""

    registry: SecretStr = SecretStr("")
    """The URL of the schema registry, with user and password if it asks for them; `produce`
    registers the message schema there."""

    batch_rows: int = Field(default=100_000, gt=0)
    """Write after so many messages. More: larger files, fewer commits, more memory."""
    batch_bytes: int = Field(default=64 << 20, gt=0)
    """Write after so many bytes of messages: what bounds the memory when messages are large."""
    batch_seconds: float = Field(default=10.0, ge=0)
    """Write when the first message has waited so long. Less: fresher tables, smaller files."""
    session_seconds: float = Field(default=45.0, gt=0)
    """A drainer that is not heard of for so long is dead: others take over its partitions."""
    poll_seconds: float = Field(default=300.0, gt=0)
    """So is one that is alive but does not ask for messages, for it hangs. Not less than the time
    that writing a batch takes, nor than `session_seconds`."""
    patience_seconds: float = Field(default=900.0, ge=0)
    """A drainer gives up when storage or brokers have failed for so long. Until then an outage
    costs time only."""

    @field_validator("bootstrap")
    @classmethod
    def _is_a_list_of_hosts(cls, given: str) -> str:
        """Refuse what is no address, without repeating it: it may hold a password."""
        if given and not all(map(_is_a_host, given.rstrip(", ").split(","))):
            message = "KEYSTONE_KAFKA_BOOTSTRAP (--bootstrap) is host:port,host:port"
            if "@" in given:
                message += (
                    "; set KEYSTONE_KAFKA_USERNAME and KEYSTONE_KAFKA_PASSWORD "
                    "instead of writing them here"
                )
            raise SettingError(message)
        return given


class BrokerUnreachableError(Exception):
    """No broker answers, or none lets us in; says which were asked, and why if that is known."""


def kafka_settings(**given: Any) -> KafkaSettings:
    """Return the settings of the environment, but for those that are given."""
    return KafkaSettings(**{name: value for name, value in given.items() if value is not None})


def client_config(settings: KafkaSettings, **more: Any) -> dict[str, Any]:
    """Return the configuration of a client; `more` in librdkafka's words, with _ for each dot.

    Holds secrets in the clear: hand it to the client, show it to nobody.

    Raises:
        SettingError: no broker is named, or what the mechanism needs.
    """
    if not settings.bootstrap:
        message = "where is Kafka? Say it with --bootstrap, or set KEYSTONE_KAFKA_BOOTSTRAP"
        raise SettingError(message)
    config = {
        "bootstrap.servers": settings.bootstrap,
        "log_level": 0,  # what the client would print it also reports to `error_cb`
        "security.protocol": settings.security_protocol,
        "ssl.ca.location": settings.ca_location,
        "ssl.certificate.location": settings.certificate_location,
        "ssl.key.location": settings.key_location,
        "ssl.key.password": reveal(settings.key_password, "key_password"),
        **_sasl(settings),
        **{name.replace("_", "."): value for name, value in more.items()},
    }
    return {name: value for name, value in config.items() if value not in ("", None)}


@contextmanager
def translate_broker_errors(
    settings: KafkaSettings, client: Consumer | AdminClient, heard: Sequence[KafkaError]
) -> Iterator[None]:
    """Put into words that a client gets no answer.

    Args:
        settings: those of the client.
        client: who asks.
        heard: what its `error_cb` collects.

    Raises:
        NoAnswerError: instead of the client's own error, which says only that it waited.
    """
    try:
        yield
    except KafkaException as error:
        client.poll(0)  # hears why
        protocol = settings.security_protocol
        hint = f"{error.args[0].str()}; is that a port of Kafka, and does it speak {protocol}?"
        why = heard[0].str() if heard else hint
        message = f"Kafka at {settings.bootstrap} does not answer, or does not let us in: {why}"
        raise BrokerUnreachableError(message) from error


def check_brokers(
    settings: KafkaSettings,
    client: Consumer | AdminClient,
    heard: Sequence[KafkaError],
    seconds: float = START_SECONDS,
) -> ClusterMetadata:
    """Return the brokers and topics of the cluster: the first question to it.

    A cause that the client has heard of (no such host, a wrong password) seldom passes, so then the
    wait is shorter.

    Args:
        settings: those of the client.
        client: who asks.
        heard: what its `error_cb` collects.
        seconds: how long to wait for an answer.

    Raises:
        NoAnswerError: no broker answers, or it does not let us in.
    """
    started = time.monotonic()
    with translate_broker_errors(settings, client, heard):
        while True:
            try:
                return client.list_topics(timeout=_ATTEMPT_SECONDS)
            except KafkaException:
                client.poll(0)
                limit = min(seconds, _HOPE_SECONDS) if heard else seconds
                if time.monotonic() - started >= limit:
                    raise


def topic_of(settings: KafkaSettings, contract: type[Bronze]) -> str:
    """Return the topic of a source: "olist.orders"."""
    return settings.prefix + contract.spec().name


def origin(topic: str, partition: int) -> str:
    """Return the name of a partition's watermark."""
    return f"kafka/{topic}/{partition}"


def source_name(topic: str, partition: int, topic_id: int | None) -> str:
    """Return the name of a partition as a source of rows: its watermark's, and the topic's id.

    So a topic that is deleted and created again is another source. Where the id is not known, and
    in rows of earlier versions, the name ends with the partition.
    """
    name = origin(topic, partition)
    return name if topic_id is None else f"{name}/{topic_id % (1 << 64):016x}"


def create_topics(settings: KafkaSettings, partitions: int) -> None:
    """Create the topic of every source that is not there; those that are stay as they are.

    Raises:
        NoAnswerError: the brokers do not answer or do not allow it.
    """
    heard: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings), "error_cb": heard.append}
    admin = AdminClient(config)
    cluster = check_brokers(settings, admin, heard)
    with translate_broker_errors(settings, admin, heard):
        wanted = {topic_of(settings, contract) for contract in sources()} - cluster.topics.keys()
        if is_mock(cluster):  # nobody creates topics there, they appear when they are asked for
            for topic in wanted:
                admin.list_topics(topic, timeout=BROKER_TIMEOUT)
        elif wanted:
            new = [NewTopic(topic, num_partitions=partitions) for topic in sorted(wanted)]
            for future in admin.create_topics(new, operation_timeout=BROKER_TIMEOUT).values():
                _unless(future.result, KafkaError.TOPIC_ALREADY_EXISTS)


def existing_partitions(cluster: ClusterMetadata, topics: Iterable[str]) -> list[tuple[str, int]]:
    """Return topic and number of each partition of those topics that exist, in order."""
    there = cluster.topics
    return [
        (topic, partition)
        for topic in topics
        if topic in there
        for partition in sorted(there[topic].partitions)
    ]


def is_mock(cluster: Any) -> bool:
    """Tell librdkafka's mock cluster, which is nobody's controller, from a real one."""
    return cluster.controller_id not in cluster.brokers


_HOST = re.compile(
    r"\s*(?:(?:SASL_)?(?:PLAINTEXT|SSL)://)?(?:\[[\w:.%]+\]|[\w.-]+)(?::(\d{1,5}))?\s*"
)
_LAST_PORT = 65535


def _is_a_host(given: str) -> bool:
    found = _HOST.fullmatch(given)
    return found is not None and int(found[1] or 1) in range(1, _LAST_PORT + 1)


def _unless(call: Any, code: int) -> None:
    try:
        call()
    except KafkaException as error:
        if error.args[0].code() != code:
            raise


def _sasl(settings: KafkaSettings) -> dict[str, Any]:
    if settings.sasl_mechanism is None:
        return {}
    if settings.sasl_mechanism == "AWS_MSK_IAM":
        if not settings.region:
            message = "AWS_MSK_IAM needs the region of the cluster: set KEYSTONE_KAFKA_REGION"
            raise SettingError(message)
        return {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": _msk_token(settings.region)}
    return {
        "sasl.mechanism": settings.sasl_mechanism,
        "sasl.username": settings.username,
        "sasl.password": reveal(settings.password, "password"),
    }


def _msk_token(region: str) -> Callable[[str], tuple[str, float]]:
    def token(_: str) -> tuple[str, float]:
        try:
            signed, expires = MSKAuthTokenProvider.generate_auth_token(region)
        except Exception:  # the client would only say that there is no token
            logger.exception("no token for MSK: are there AWS credentials?")
            raise
        # A token dies with the credentials that signed it, which may be before it says so.
        return signed, min(expires / 1000, time.time() + _TOKEN_SECONDS)

    return token
