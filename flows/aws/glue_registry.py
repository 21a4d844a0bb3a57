"""The message schemas in the schema registry of AWS Glue, for consumers on AWS.

Glue has its own protocol. `keystone produce` registers the schemas in a Confluent registry instead;
see `flows/kafka/schema_registry.py`.
"""

import json
from typing import Any

from contracts.contract import Bronze
from contracts.message_schema import json_schema
from flows.kafka.schema_registry import check_compatible
from flows.storage import s3


class NoRegistryError(Exception):
    """Glue has no such schema registry; says how to create it."""


def register_schemas(registry: str, topics: dict[str, type[Bronze]]) -> dict[str, int]:
    """Register the JSON Schema of each topic's messages under the topic's name.

    A compatible change becomes a new version; an unchanged schema is not registered again. All
    changes are checked before the first is registered. Glue's own check is not used, because it
    rejects a new field that may be null.

    Args:
        registry: the name of the registry.
        topics: the contract of each topic's messages.

    Returns:
        The latest version per topic.

    Raises:
        BreakingChangeError: a change is breaking; nothing was registered.
        NoRegistryError: the registry does not exist.
        SettingError: there are no credentials.
        botocore.exceptions.BotoCoreError: AWS cannot be reached, or no region is set.
        botocore.exceptions.ClientError: AWS rejects a request.
    """
    glue = s3.client("glue")
    try:
        glue.get_registry(RegistryId={"RegistryName": registry})
    except glue.exceptions.EntityNotFoundException as error:
        message = (
            f"Glue has no schema registry {registry} in {glue.meta.region_name}; "
            "create it with deployments/aws/catalog.yaml"
        )
        raise NoRegistryError(message) from error
    schemas = {topic: json_schema(contract) for topic, contract in topics.items()}
    latest = {topic: _latest(glue, registry, topic) for topic in topics}
    registered = {topic: json.loads(text) if text else None for topic, (text, _) in latest.items()}
    check_compatible(registered, schemas)
    return {
        topic: latest[topic][1]
        if registered[topic] == schema
        else _put(glue, registry, topic, json.dumps(schema), new=registered[topic] is None)
        for topic, schema in schemas.items()
    }


def _latest(glue: Any, registry: str, topic: str) -> tuple[str, int]:
    try:
        latest = glue.get_schema_version(
            SchemaId={"RegistryName": registry, "SchemaName": topic},
            SchemaVersionNumber={"LatestVersion": True},
        )
    except glue.exceptions.EntityNotFoundException:
        return "", 0
    return latest["SchemaDefinition"], latest["VersionNumber"]


def _put(glue: Any, registry: str, topic: str, schema: str, *, new: bool) -> int:
    if new:
        glue.create_schema(
            RegistryId={"RegistryName": registry},
            SchemaName=topic,
            DataFormat="JSON",
            Compatibility="NONE",  # `check_compatible` has checked it
            SchemaDefinition=schema,
        )
        return 1
    registered = glue.register_schema_version(
        SchemaId={"RegistryName": registry, "SchemaName": topic}, SchemaDefinition=schema
    )
    return int(registered["VersionNumber"])
