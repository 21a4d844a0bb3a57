"""An importer of ODCS documents: it reads the description of a contract back."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_snake

from contracts.describe import Description

Document = Mapping[str, Any]


def imported(document: Document) -> Description:
    """Return the description of the contract that a document was made of."""
    (table,) = document["schema"]
    properties = table["properties"]
    return {
        "table": document["name"],
        "grain": document["description"]["purpose"],
        "key": _names(properties, "primaryKeyPosition"),
        "incremental_key": [],
        "partition_by": _names(properties, "partitionKeyPosition"),
        "columns": {each["name"]: _column(each) for each in properties},
        "rules": {
            rule["name"]: {
                **_custom(rule),
                "warning": rule["severity"] == "warning",
                "description": rule["description"],
            }
            for rule in table.get("quality", [])
            if rule["type"] == "text"
        },
        **_custom(table),
    }


def _names(properties: list[Document], position: str) -> list[str]:
    found = {each[position]: each["name"] for each in properties if position in each}
    return [found[number] for number in sorted(found)]


def _column(said: Document) -> Description:
    enforced, optional = _relationships(said)
    found = {
        "references": enforced,
        "looked_up_in": optional,
        "personal": "personal" in said.get("tags", []),
        "description": said.get("description"),
        "rules": {
            rule["name"]: _parameters(rule)
            for rule in said.get("quality", [])
            if rule["dimension"] == "conformity"
        },
        **_custom(said),
    }
    return {
        "type": _type(said),
        "nullable": not said.get("required", False),
        **{name: value for name, value in found.items() if value},
    }


def _relationships(said: Document) -> tuple[str | None, str | None]:
    """Return the tables of a column's foreign key and of its look-up."""
    tables = {
        _custom(each).get("enforced", True): each["to"].partition(".odcs.yaml#")[0]
        for each in said.get("relationships", [])
    }
    return tables.get(True), tables.get(False)


def _parameters(rule: Document) -> Description:
    given = rule.get("arguments", {})
    if "validValues" in given:
        return {"allowed_values": given["validValues"]}
    return {**given, **_custom(rule)}


def _type(said: Document) -> str:
    if (precise := said["physicalType"]).startswith("decimal"):
        precision, scale = precise.removeprefix("decimal(").removesuffix(")").split(",")
        return f"Decimal(precision={precision}, scale={scale})"
    return {
        "string": "String",
        "bigint": "Int64",
        "double": "Float64",
        "boolean": "Boolean",
        "date": "Date",
        "timestamp": "Datetime(time_unit='us', time_zone='UTC')",
        "timestamp_ntz": "Datetime(time_unit='us', time_zone=None)",
    }[precise]


def _custom(said: Document) -> Description:
    return {to_snake(each["property"]): each["value"] for each in said.get("customProperties", [])}
