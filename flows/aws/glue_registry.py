"""The message schema in the schema registry of AWS Glue, for consumers that look there.

It has a protocol of its own. What `produce` registers, before it sends, is in a registry of
Confluent's kind (`flows/kafka/schema_registry.py`).
"""

import json
from typing import Any

from contracts.contract import Bronze
from contracts.message_schema import json_schema
from flows.kafka.schema_registry import check_compatible
from flows.storage import s3


class NoRegistryError(Exception):
    """Glue has no such schema registry; says where it is made."""


def register_schemas(registry: str, topics: dict[str, type[Bronze]]) -> dict[str, int]:
    """Register the JSON Schema of each topic's messages under the topic's name.

    One that stands there already stays as it is, a compatible change becomes a new version. All
    changes are judged before the first is registered, by ourselves: Glue takes a field that may be
    null for a breaking change.

    Args:
        registry: the name of the registry.
        topics: by topic, the contract of its messages.

    Returns:
        The version that now is the latest, by topic.

    Raises:
        BreakingChangeError: nothing was registered.
        NoRegistryError: there is no such registry.
        SettingError: there are no credentials.
        botocore.exceptions.BotoCoreError: AWS cannot be reached, or no region is set.
        botocore.exceptions.ClientError: AWS refuses.
    """
    glue = s3.client("glue")
    try:
        glue.get_registry(RegistryId={"RegistryName": registry})
    except glue.exceptions.EntityNotFoundException as error:
        made = "deployments/aws/catalog.yaml makes one"
        message = f"Glue has no schema registry {registry} in {glue.meta.region_name}; {made}"
        raise NoRegistryError(message) from error
    schemas = {topic: json_schema(contract) for topic, contract in topics.items()}
    latest = {topic: _latest(glue, registry, topic) for topic in topics}
    known = {topic: json.loads(text) if text else None for topic, (text, _) in latest.items()}
    check_compatible(known, schemas)
    return {
        topic: latest[topic][1]
        if known[topic] == schema
        else _put(glue, registry, topic, json.dumps(schema), new=known[topic] is None)
        for topic, schema in schemas.items()
    }


def _latest(glue: Any, registry: str, topic: str) -> tuple[str, int]:
    try:
        found = glue.get_schema_version(
            SchemaId={"RegistryName": registry, "SchemaName": topic},
            SchemaVersionNumber={"LatestVersion": True},
        )
    except glue.exceptions.EntityNotFoundException:
        return "", 0
    return found["SchemaDefinition"], found["VersionNumber"]


def _put(glue: Any, registry: str, topic: str, schema: str, *, new: bool) -> int:
    if new:
        glue.create_schema(
            RegistryId={"RegistryName": registry},
            SchemaName=topic,
            DataFormat="JSON",
            Compatibility="NONE",  # we have judged it
            SchemaDefinition=schema,
        )
        return 1
    put = glue.register_schema_version(
        SchemaId={"RegistryName": registry, "SchemaName": topic}, SchemaDefinition=schema
    )
    return int(put["VersionNumber"])
