"""Connection to Kafka: settings, client configuration, and the first request to the brokers.

Environment variables KEYSTONE_KAFKA_<NAME> hold the settings. Passwords never appear in a log or
an error. A password may name a Prefect block that holds it: `block:secret/kafka`.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # exported, but not typed so
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from flows.config.errors import SettingError
from flows.config.extras import require
from flows.config.secrets import reveal
from flows.config.settings import Environment

BROKER_TIMEOUT = 30.0
"""Seconds to wait for a broker's answer."""
START_SECONDS = 10.0
"""Seconds to wait for the first answer."""

_TOKEN_SECONDS = 300
_ATTEMPT_SECONDS = 1.0
_SECONDS_AFTER_ERROR = 3.0

logger = logging.getLogger(__name__)


class KafkaSettings(Environment):
    """The address of Kafka, the credentials, and the size of a batch."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_KAFKA_", populate_by_name=True)

    bootstrap: str = ""
    """The brokers to contact first: "host:port,host:port"."""
    prefix: str = "olist."
    """The prefix of each topic's name, followed by the entity."""
    topics_format: Literal["plain", "debezium"] = "plain"
    """What the values of all topics of the prefix are: records, or change events of Debezium."""
    group: str = ""
    """The consumer group. Drainers of one group share the partitions. By default each lake has its
    own group: `keystone-` and an id of the lake."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"] | None = None
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_location: str = ""
    """The file with the certificate authorities of the brokers; by default the system's."""
    certificate_location: str = ""
    """The file with the client certificate, for mutual TLS."""
    key_location: str = ""
    key_password: SecretStr = SecretStr("")
    region: str = ""
    """The AWS region of the cluster, for AWS_MSK_IAM. AWS's usual chain provides credentials."""

    registry: SecretStr = SecretStr("")
    """The URL of the schema registry, with user and password if required. `produce` registers the
    message schema there."""

    batch_rows: int = Field(default=100_000, gt=0)
    """Messages per batch. More: larger files, fewer commits, more memory."""
    batch_bytes: int = Field(default=64 << 20, gt=0)
    """Bytes of messages per batch. This limits the memory when messages are large."""
    batch_seconds: float = Field(default=10.0, ge=0)
    """Seconds before a batch is written. Less: fresher tables, smaller files."""
    session_seconds: float = Field(default=45.0, gt=0)
    """Seconds without a heartbeat after which the group replaces a drainer."""
    poll_seconds: float = Field(default=300.0, gt=0)
    """Seconds without a poll after which the group replaces a drainer. Not less than the time to
    write a batch, nor than `session_seconds`."""
    retry_seconds: float = Field(
        default=900.0,
        ge=0,
        # The second name is the one of earlier versions.
        validation_alias=AliasChoices(
            "KEYSTONE_KAFKA_RETRY_SECONDS", "KEYSTONE_KAFKA_PATIENCE_SECONDS"
        ),
    )
    """Seconds for which a drainer retries while storage or brokers fail. Then it gives up."""

    @field_validator("bootstrap")
    @classmethod
    def _check_bootstrap(cls, value: str) -> str:
        """Reject an invalid address without repeating it, because it may hold a password."""
        if value and not all(map(_is_broker_address, value.rstrip(", ").split(","))):
            message = "KEYSTONE_KAFKA_BOOTSTRAP (--bootstrap) is not a list of host:port,host:port"
            if "@" in value:
                message += (
                    "; set KEYSTONE_KAFKA_USERNAME and KEYSTONE_KAFKA_PASSWORD "
                    "instead of adding them to the address"
                )
            raise SettingError(message)
        return value


class BrokerUnreachableError(Exception):
    """No broker answers, or none accepts our credentials; names the brokers and the cause."""


def kafka_settings(**overrides: Any) -> KafkaSettings:
    """Return the settings of the environment; overrides that are not None replace them."""
    return KafkaSettings(**{name: value for name, value in overrides.items() if value is not None})


def client_config(settings: KafkaSettings, **more: Any) -> dict[str, Any]:
    """Return the configuration of a Kafka client.

    The result holds secrets in plain text: pass it to the client only.

    Args:
        settings: the settings to translate.
        more: further librdkafka properties, with _ for each dot.

    Raises:
        SettingError: no broker is set, or a setting that the SASL mechanism needs is missing.
    """
    if not settings.bootstrap:
        message = "no Kafka broker is set; use --bootstrap or KEYSTONE_KAFKA_BOOTSTRAP"
        raise SettingError(message)
    config = {
        "bootstrap.servers": settings.bootstrap,
        "log_level": 0,  # `error_cb` receives the same messages
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
    settings: KafkaSettings, client: Consumer | AdminClient, errors: Sequence[KafkaError]
) -> Iterator[None]:
    """Replace a client's timeout by an error that names the brokers and the cause.

    Args:
        settings: the settings of the client.
        client: the client that sends requests.
        errors: the errors that its `error_cb` collects.

    Raises:
        BrokerUnreachableError: instead of a KafkaException.
    """
    try:
        yield
    except KafkaException as error:
        client.poll(0)  # runs `error_cb`
        hint = (
            f"{error.args[0].str()}; check that this is a Kafka port and that it uses "
            f"{settings.security_protocol}"
        )
        cause = errors[0].str() if errors else hint
        message = f"Kafka at {settings.bootstrap} does not answer or rejects the client: {cause}"
        raise BrokerUnreachableError(message) from error


def check_brokers(
    settings: KafkaSettings,
    client: Consumer | AdminClient,
    errors: Sequence[KafkaError],
    seconds: float = START_SECONDS,
) -> ClusterMetadata:
    """Return the brokers and topics of the cluster; this is a client's first request.

    The wait is shorter after an error such as an unknown host or a wrong password, because a retry
    seldom helps.

    Args:
        settings: the settings of the client.
        client: the client that sends the request.
        errors: the errors that its `error_cb` collects.
        seconds: how long to wait for an answer.

    Raises:
        BrokerUnreachableError: no broker answers, or it rejects our credentials.
    """
    started = time.monotonic()
    with translate_broker_errors(settings, client, errors):
        while True:
            try:
                return client.list_topics(timeout=_ATTEMPT_SECONDS)
            except KafkaException:
                client.poll(0)
                limit = min(seconds, _SECONDS_AFTER_ERROR) if errors else seconds
                if time.monotonic() - started >= limit:
                    raise


_BROKER = re.compile(
    r"\s*(?:(?:SASL_)?(?:PLAINTEXT|SSL)://)?(?:\[[\w:.%]+\]|[\w.-]+)(?::(\d{1,5}))?\s*"
)
_LAST_PORT = 65535


def _is_broker_address(text: str) -> bool:
    match = _BROKER.fullmatch(text)
    return match is not None and int(match[1] or 1) in range(1, _LAST_PORT + 1)


def _sasl(settings: KafkaSettings) -> dict[str, Any]:
    if settings.sasl_mechanism is None:
        return {}
    if settings.sasl_mechanism == "AWS_MSK_IAM":
        if not settings.region:
            message = "AWS_MSK_IAM needs the region of the cluster; set KEYSTONE_KAFKA_REGION"
            raise SettingError(message)
        return {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": _msk_token(settings.region)}
    return {
        "sasl.mechanism": settings.sasl_mechanism,
        "sasl.username": settings.username,
        "sasl.password": reveal(settings.password, "password"),
    }


def _msk_token(region: str) -> Callable[[str], tuple[str, float]]:
    require("aws_msk_iam_sasl_signer", "AWS_MSK_IAM signs tokens")
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

    def token(_: str) -> tuple[str, float]:
        try:
            signed, expires = MSKAuthTokenProvider.generate_auth_token(region)
        except Exception:  # the client would only report that there is no token
            logger.exception("cannot sign a token for MSK; check the AWS credentials")
            raise
        # A token is invalid once the credentials that signed it expire, which may be earlier.
        return signed, min(expires / 1000, time.time() + _TOKEN_SECONDS)

    return token
