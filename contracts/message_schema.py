"""The JSON Schema of an entity's Kafka messages, derived from its bronze contract.

A column that is added to a bronze contract becomes a field of the message. A delete has no value:
its key names the row, and the schema does not describe it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from contracts.contract import Bronze

SCHEMA_VERSION = "1"
"""The version of the message format. Each message has it in the header `schema_version`."""

Schema = Mapping[str, Any]


def json_schema(contract: type[Bronze]) -> dict[str, Any]:
    """Return the JSON Schema (draft 7) of an entity's messages.

    A message is an object with exactly the source columns, each as text or null. The default of a
    field is null, so readers accept older messages without the field.
    """
    columns = contract.to_schema().columns
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": contract.spec().name,
        "description": contract.grain(),
        "version": SCHEMA_VERSION,
        "type": "object",
        "properties": {name: _field(nullable=c.nullable) for name, c in columns.items()},
        "required": [*columns],
        "additionalProperties": False,
    }


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Return why messages or readers of the old schema would break under the new one.

    Each reason is one line that begins with the field's name. A compatible change has no reasons:
    nothing changed, a nullable field was added, or a field allows more values.
    """
    return list(_breaking(old, new))


def schema_mismatches(columns: pl.Schema, schema: Schema) -> list[str]:
    """Return why the rows of a frame, as JSON objects, do not conform to a message schema.

    A message schema has only nullable text fields, so the columns of the frame and their types are
    enough to check all rows. A schema with other fields is reported as a mismatch.
    """
    properties = schema["properties"]
    return [
        *(f"{name}: is missing" for name in schema["required"] if name not in columns),
        *(f"{name}: is unknown" for name in columns if name not in properties),
        *(
            f"{name}: is {dtype}, not text or null"
            for name, dtype in columns.items()
            if name in properties
            and (dtype != pl.String or set(properties[name]["type"]) != {"string", "null"})
        ),
    ]


def _field(*, nullable: bool) -> dict[str, Any]:
    return {"type": ["string", "null"], "default": None} if nullable else {"type": ["string"]}


# Keywords that do not restrict the values.
_ANNOTATIONS = ("default", "description", "examples", "title", "type")


def _breaking(old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{name}: was removed"
            continue
        if lost := _types(before[name]) - _types(after[name]):
            yield f"{name}: may no longer be {' or '.join(sorted(lost))}"
        for keyword, limit in after[name].items():
            if keyword not in _ANNOTATIONS and before[name].get(keyword) != limit:
                yield f"{name}: `{keyword}` allows other values"
    for name in new.get("required", []):
        asked_before = name in old.get("required", [])
        if not asked_before and "null" not in _types(after.get(name, {})):
            how = "is now required" if name in before else "is new and required"
            yield f"{name}: {how}, but must not be null"


_ALL_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def _types(field: Schema) -> set[str]:
    declared = field.get("type", _ALL_TYPES)
    types = {declared} if isinstance(declared, str) else set(declared)
    return types | {"integer"} if "number" in types else types
