"""Until when Kafka keeps the messages that a topic has now."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]  # exported, but not typed so

from flows.config.errors import SettingError
from flows.kafka.client import (
    BrokerUnreachableError,
    check_brokers,
    client_config,
    kafka_settings,
)

NEVER = "never, as the topic has no limit of time"

_SECONDS = 5.0
_CHECKS = timedelta(hours=1)
"""More than the usual time until a broker looks for what to delete, and deletes it."""


def deleted_by(topics: Collection[str], now: datetime) -> dict[str, str]:
    """Return when Kafka will have deleted the messages that topics have now, at the latest.

    Kafka deletes a segment of messages if the newest of them is too old, and begins another segment
    when the first one is old enough. Both are settings of the topic. Topics that Kafka does not
    have are left out. All are if no broker is set, or none answers within seconds.

    Args:
        topics: their names.
        now: the present, with a zone. Messages have no later time.
    """
    try:
        configs = _configs(topics)
    except (SettingError, BrokerUnreachableError):
        return {}
    return {topic: _deleted_by(config, now) for topic, config in configs.items()}


def _deleted_by(config: dict[str, str], now: datetime) -> str:
    retention, segment = int(config["retention.ms"]), int(config["segment.ms"])
    if retention < 0 or "delete" not in config["cleanup.policy"]:
        return NEVER
    try:
        latest = now + timedelta(milliseconds=retention + segment) + _CHECKS
    except OverflowError:
        return NEVER
    return f"{latest:%Y-%m-%d %H:%M} UTC"


def _configs(topics: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the settings of those topics that Kafka has.

    Raises:
        BrokerUnreachableError: no broker answers, or it rejects our credentials.
        SettingError: no broker is set, or a setting is invalid.
    """
    settings, errors = kafka_settings(), list[KafkaError]()
    config: dict[str, Any] = {**client_config(settings), "error_cb": errors.append}
    admin = AdminClient(config)
    existing = check_brokers(settings, admin, errors, _SECONDS).topics
    asked = [
        ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics if topic in existing
    ]
    found = dict[str, dict[str, str]]()
    for resource, answer in admin.describe_configs(asked, request_timeout=_SECONDS).items():
        try:
            found[resource.name] = {name: each.value for name, each in answer.result().items()}
        except KafkaException:  # such as a missing right, or a broker that cannot tell
            continue
    return found
