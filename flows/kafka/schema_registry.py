"""The message schema in a schema registry, where there is one."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from pydantic import AnyUrl, TypeAdapter, UrlConstraints

from contracts.contract import Bronze
from contracts.message_schema import breaking_changes, json_schema
from flows.config.errors import SettingError
from flows.config.masking import mask

# The last is the client's own: a registry in memory.
_URL = TypeAdapter(
    Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http", "https", "mock"], host_required=True)]
)


class BreakingChangeError(Exception):
    """The message schema changed so that messages or readers of before would break."""


def register(registry: SchemaRegistryClient, topics: dict[str, type[Bronze]]) -> None:
    """Register the JSON Schema of each topic's messages, under the subject `<topic>-value`.

    A subject that is new gets its schema, one that has it already stays as it is, a compatible
    change becomes a new version. All changes are judged before the first is registered.

    Raises:
        BreakingChangeError: with the topics, the fields and the reasons; nothing was registered.
        SchemaRegistryError: the registry refused.
        ConnectionError: it does not answer.
    """
    schemas = {f"{topic}-value": json_schema(contract) for topic, contract in topics.items()}
    known = {subject: _latest(registry, subject) for subject in schemas}
    refuse_breaking(known, schemas)
    for subject, schema in schemas.items():
        if known[subject] != schema:
            registry.register_schema(subject, Schema(json.dumps(schema), "JSON"))


def refuse_breaking(
    known: Mapping[str, dict[str, Any] | None], schemas: Mapping[str, dict[str, Any]]
) -> None:
    """Compare schemas with those that are registered, where there is one.

    Raises:
        BreakingChangeError: with the subjects, the fields and the reasons.
    """
    if broken := [
        f"{subject}: {reason}"
        for subject, schema in schemas.items()
        if (before := known[subject]) is not None
        for reason in breaking_changes(before, schema)
    ]:
        message = (
            f"the message schema breaks what is registered, and nothing was sent: "
            f"{'; '.join(broken)}. Keep the fields of the bronze contract, or send to new topics"
        )
        raise BreakingChangeError(message)


def connect(url: str) -> SchemaRegistryClient:
    """Return a client of the registry at a URL, which may hold a user and a password.

    Raises:
        SettingError: it is no URL; says what one is, and not what was given.
    """
    try:
        return SchemaRegistryClient.new_client({"url": str(_URL.validate_python(url))})
    except ValueError:
        message = (
            "the schema registry's URL is none: it begins with http:// or https://, and what is "
            "not a letter or a digit in its user and password is percent-encoded"
        )
        raise SettingError(message) from None  # which would tell them


def _latest(registry: SchemaRegistryClient, subject: str) -> dict[str, Any] | None:
    try:
        found = registry.get_latest_version(subject)
    except SchemaRegistryError as error:
        if error.http_status_code == HTTPStatus.NOT_FOUND:
            return None
        raise
    except Exception as error:  # noqa: BLE001 - the client does not hide which HTTP library it uses
        message = f"the schema registry does not answer ({mask(str(error))}); nothing was sent"
        raise ConnectionError(message) from None  # which may show the password
    return dict(json.loads(found.schema.schema_str or "{}"))
