"""The message schema in a Confluent schema registry."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AnyUrl, TypeAdapter, UrlConstraints

from contracts.contract import Bronze
from contracts.message_schema import breaking_changes, json_schema
from flows.config.errors import SettingError
from flows.config.extras import require
from flows.config.masking import mask

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryClient

# `mock` is the client's own registry in memory.
_URL = TypeAdapter(
    Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http", "https", "mock"], host_required=True)]
)


class BreakingChangeError(Exception):
    """The message schema is incompatible with earlier messages or with their consumers."""


def register(registry: "SchemaRegistryClient", topics: dict[str, type[Bronze]]) -> None:
    """Register the JSON Schema of each topic's messages under the subject `<topic>-value`.

    A compatible change becomes a new version; an unchanged schema is not registered again. All
    changes are checked before the first is registered.

    Raises:
        BreakingChangeError: a change is breaking; nothing was registered.
        SchemaRegistryError: the registry rejects a request.
        ConnectionError: the registry does not answer.
    """
    schemas = {f"{topic}-value": json_schema(contract) for topic, contract in topics.items()}
    registered = {subject: _latest(registry, subject) for subject in schemas}
    check_compatible(registered, schemas)
    from confluent_kafka.schema_registry import Schema

    for subject, schema in schemas.items():
        if registered[subject] != schema:
            registry.register_schema(subject, Schema(json.dumps(schema), "JSON"))


def check_compatible(
    registered: Mapping[str, dict[str, Any] | None], schemas: Mapping[str, dict[str, Any]]
) -> None:
    """Check that schemas are compatible with the registered ones.

    Args:
        registered: the registered schema per subject, or None.
        schemas: the new schema per subject.

    Raises:
        BreakingChangeError: one is not; names the subjects, the fields and the reasons.
    """
    if breaking := [
        f"{subject}: {reason}"
        for subject, schema in schemas.items()
        if (before := registered[subject]) is not None
        for reason in breaking_changes(before, schema)
    ]:
        message = (
            f"the message schema breaks the registered one, and nothing was sent: "
            f"{'; '.join(breaking)}. Keep the fields of the bronze contract, or use new topics"
        )
        raise BreakingChangeError(message)


def connect(url: str) -> "SchemaRegistryClient":
    """Return a client of the registry at a URL, which may hold a user and a password.

    Raises:
        SettingError: the URL is invalid; the message does not repeat it.
        MissingPackageError: the client of the registry is not installed.
    """
    require("confluent_kafka.schema_registry", "message schemas are registered")
    from confluent_kafka.schema_registry import SchemaRegistryClient

    try:
        return SchemaRegistryClient.new_client({"url": str(_URL.validate_python(url))})
    except ValueError:
        message = (
            "the URL of the schema registry is invalid; it begins with http:// or https://, and "
            "special characters in its user and password are percent-encoded"
        )
        raise SettingError(message) from None  # the cause shows the password


def _latest(registry: "SchemaRegistryClient", subject: str) -> dict[str, Any] | None:
    from confluent_kafka.schema_registry import SchemaRegistryError

    try:
        latest = registry.get_latest_version(subject)
    except SchemaRegistryError as error:
        if error.http_status_code == HTTPStatus.NOT_FOUND:
            return None
        raise
    except Exception as error:  # noqa: BLE001 - the client raises errors of its HTTP library
        message = f"the schema registry does not answer ({mask(str(error))}); nothing was sent"
        raise ConnectionError(message) from None  # the cause may show the password
    return dict(json.loads(latest.schema.schema_str or "{}"))
