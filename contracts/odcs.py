"""A contract as a document of the Open Data Contract Standard (ODCS) 3.1, which other tools read.

What the standard has no word for is in `customProperties`, so a document says all that
`contracts.describe` says.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from inspect import cleandoc
from typing import Any

import pandera.polars as pa
import polars as pl
from pydantic.alias_generators import to_camel

from contracts.contract import Contract
from contracts.describe import Description, describe, version
from contracts.rule_sql import ZONE, condition, is_in, violations
from contracts.rules import rule_name, rules
from contracts.table_check import reference_rule, unique_rule

Document = dict[str, Any]

DOMAIN = "marketplace"


def odcs_document(
    contract: type[Contract], *, release: str = "0", owners: Sequence[str] = ()
) -> Document:
    """Return a contract as an ODCS document.

    Args:
        contract: the contract of a table.
        release: the version of the package. With the version of the contract it makes that of the
            document, such as `1.2.0+5f3a9c11`.
        owners: the names of the people or teams that own the table.
    """
    spec, described = contract.spec(), describe(contract)
    _, _, usage = cleandoc(contract.__doc__ or "").partition("\n")
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"keystone-nexus/{spec.table}",
        "name": spec.table,
        "version": f"{release}+{version(described)}",
        "status": "active",
        "domain": DOMAIN,
        "tags": [spec.layer],
        "description": _given(purpose=contract.grain(), usage=" ".join(usage.split())),
        "schema": [_table(contract, described)],
        **_given(
            slaProperties=[*_service_levels(contract)],
            team=_given(members=[{"username": name, "role": "owner"} for name in owners]),
        ),
    }


def file_name(table: str) -> str:
    """Return the name of the file for a table's document; documents refer to each other by it."""
    return f"{table}.odcs.yaml"


def _service_levels(contract: type[Contract]) -> Iterator[Document]:
    """Yield the promises about time and volume, which `keystone check` evaluates."""
    spec = contract.spec()
    if spec.fresh:
        hours = spec.fresh / timedelta(hours=1)
        words = f"The newest event time is at most {hours:g} hours old."
        yield {"property": "latency", "value": hours, "unit": "h", "description": words}
    if volume := spec.volume:
        limits = [
            *([f"at least {volume.floor:,}"] if volume.floor is not None else []),
            *([f"at most {volume.ceiling:,}"] if volume.ceiling is not None else []),
        ]
        usual = ", ".join(["as usual for the weekday", *limits])
        words = f"The records of a day's delivery are {usual}."
        yield {"property": "throughput", "value": usual, "unit": "records", "description": words}


def _table(contract: type[Contract], described: Description) -> Document:
    spec = contract.spec()
    return {
        "id": spec.name,
        "name": spec.name,
        "physicalName": spec.name,
        "logicalType": "object",
        "physicalType": "table",
        "description": contract.grain(),
        "dataGranularityDescription": contract.grain(),
        "properties": [_property(contract, *each) for each in described["columns"].items()],
        **_given(
            quality=[*_key_rule(contract), *_row_rules(described)],
            customProperties=_custom(described, _TABLE_FIELDS),
        ),
    }


_TABLE_FIELDS = ("table", "grain", "key", "partition_by", "columns", "rules")
_COLUMN_FIELDS = (
    *("type", "nullable", "personal", "description", "rules"),
    *("references", "looked_up_in"),
)
"""The fields of a description that the standard has a word for."""


def _property(contract: type[Contract], name: str, described: Description) -> Document:
    spec, declared = contract.spec(), contract.to_schema().columns[name]
    logical, physical, options = _types(declared.dtype.type)
    key, partitions, personal = spec.key, spec.partition_by, "personal" in described
    return {
        "id": name,
        "name": name,
        "logicalType": logical,
        "physicalType": physical,
        **_given(
            logicalTypeOptions=options | _limits(declared),
            description=described.get("description"),
            required=not declared.nullable,
            unique=(name,) == key,
            primaryKey=name in key,
            primaryKeyPosition=_position(name, key),
            partitioned=name in partitions,
            partitionKeyPosition=_position(name, partitions),
            classification="restricted" if personal else "",
            tags=["personal"] if personal else [],
            relationships=_relationships(contract, name),
            quality=_column_rules(contract, name, described),
            customProperties=_custom(described, _COLUMN_FIELDS),
        ),
    }


def _types(dtype: pl.DataType) -> tuple[str, str, Document]:
    """Return the logical type, the type in Delta tables as Spark SQL names it, and options."""
    match dtype:
        case pl.Decimal():
            return "number", f"decimal({dtype.precision},{dtype.scale})", {}
        case pl.Datetime(time_zone=str()):
            return "timestamp", "timestamp", {"timezone": True}
        case pl.Datetime():
            zone = {"timezone": False, "defaultTimezone": ZONE}
            return "timestamp", "timestamp_ntz", zone
    return *_TYPES[dtype.base_type()], {}


_TYPES: Mapping[type[pl.DataType], tuple[str, str]] = {
    pl.String: ("string", "string"),
    pl.Int64: ("integer", "bigint"),
    pl.Float64: ("number", "double"),
    pl.Boolean: ("boolean", "boolean"),
    pl.Date: ("date", "date"),
}


def _limits(declared: pa.Column) -> Document:
    """Return the limits of a column's values, which every reader of the standard understands."""
    found: Document = {}
    for check in declared.checks:
        given = check.statistics or {}
        if "pattern" in given:
            found["pattern"] = given["pattern"]
        if given.get("min_value") is not None:
            is_open = check.name == "greater_than" or not given.get("include_min", True)
            found["exclusiveMinimum" if is_open else "minimum"] = _limit(given["min_value"])
        if given.get("max_value") is not None:
            is_open = check.name == "less_than" or not given.get("include_max", True)
            found["exclusiveMaximum" if is_open else "maximum"] = _limit(given["max_value"])
    return found


def _limit(value: Any) -> int | float | str:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else float(value)


def _relationships(contract: type[Contract], column: str) -> list[Document]:
    """Return the foreign key of a column, or its look-up, which is a key that nothing enforces."""
    optional = [{"property": "enforced", "value": False}]
    return [
        *(_refer(parent) for name, parent in contract.references().items() if name == column),
        *(
            _refer(parent) | {"customProperties": optional}
            for name, parent in contract.lookups().items()
            if name == column
        ),
    ]


def _refer(parent: type[Contract]) -> Document:
    spec = parent.spec()
    to = f"{file_name(spec.table)}#/schema/{spec.name}/properties/{spec.key[0]}"
    return {"type": "foreignKey", "to": to}


def _column_rules(
    contract: type[Contract], column: str, described: Description
) -> Iterator[Document]:
    checks = {rule_name(column, c): c for c in contract.to_schema().columns[column].checks}
    for rule in rules(contract):
        if rule.column == column:
            check = checks.get(rule.name)
            parameters = described.get("rules", {}).get(rule.name, {})
            asked = _check(check, parameters) if check else _presence(contract.fields()[column])
            yield _rule(rule.name, rule.description, **asked)
    for parent in filter(None, [contract.references().get(column)]):
        yield _rule(
            reference_rule(contract, column),
            f"Each `{column}` is in {parent.spec().table}.",
            dimension="consistency",
            **_holds(is_in(parent, "{property}")),
        )


def _presence(dtype: pl.DataType) -> Document:
    if dtype.is_float():
        number = "{property} IS NOT NULL AND NOT isnan({property})"
        return {"dimension": "completeness", **_holds(number)}
    return {"dimension": "completeness", "metric": "nullValues", "mustBe": 0}


def _check(check: pa.Check, parameters: Description) -> Document:
    """Return a check as a metric of the standard, else as SQL, else in words alone."""
    asked: Document = {"dimension": "conformity"}
    match check.name:
        case "isin":
            valid = {"validValues": parameters["allowed_values"]}
            return asked | {"metric": "invalidValues", "mustBe": 0, "arguments": valid}
        case "str_matches":
            return asked | {"metric": "invalidValues", "mustBe": 0, "arguments": parameters}
    found = condition(check, "{property}")
    return asked | _given(customProperties=_custom(parameters)) | (_holds(found) if found else {})


def _holds(condition: str) -> Document:
    return {"type": "sql", "query": violations(condition, "{object}"), "mustBe": 0}


def _key_rule(contract: type[Contract]) -> Iterator[Document]:
    if key := contract.spec().key:
        yield _rule(
            unique_rule(contract),
            f"No two rows have the same {' and '.join(f'`{column}`' for column in key)}.",
            dimension="uniqueness",
            metric="duplicateValues",
            mustBe=0,
            arguments={"properties": [*key]},
        )


def _row_rules(described: Description) -> Iterator[Document]:
    for name, rule in described["rules"].items():
        yield _rule(
            name,
            rule["description"],
            severity="warning" if rule["warning"] else "error",
            dimension="consistency",
            customProperties=_custom({"asks": rule["asks"]}),
        )


def _rule(name: str, words: str, **asked: Any) -> Document:
    kind = "library" if "metric" in asked else "text"
    return {"name": name, "description": words, "type": kind, "severity": "error", **asked}


def _custom(described: Description, standard: Sequence[str] = ()) -> list[Document]:
    """Return the fields that the standard has no word for."""
    return [
        {"property": to_camel(name), "value": value}
        for name, value in described.items()
        if name not in standard and value not in ([], "")
    ]


def _position(name: str, names: Sequence[str]) -> int | None:
    return names.index(name) + 1 if name in names else None


def _given(**fields: Any) -> Document:
    """Return the fields that say something; the standard's defaults are false and nothing."""
    lists = {k: [*v] if isinstance(v, Iterator) else v for k, v in fields.items()}
    return {k: v for k, v in lists.items() if v is not False and v not in (None, "", [], {})}
