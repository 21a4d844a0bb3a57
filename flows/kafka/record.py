"""One message as a bronze record: an upsert, a delete, or a corrupt record."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Message

from contracts.contract import Bronze
from contracts.technical_columns import DELETE, UPSERT
from flows.kafka.json_object import InvalidRecordError, column_text, decode_text, parse_object
from transforms.order_events import natural_key

_BASE64 = "base64:"


class Record(NamedTuple):
    """The columns of a record in the order of its contract, and what bronze stores with them."""

    cells: Sequence[str | None]
    rescued: str | None = None
    corrupt: str | None = None
    operation: str | None = None


class Columns(NamedTuple):
    """The names of the columns of a bronze table, and those of its natural key."""

    names: list[str]
    key: list[str]

    @classmethod
    def of(cls, contract: type[Bronze]) -> "Columns":
        """Return the columns of a contract."""
        return cls(contract.fields().names(), natural_key(contract))


def read_record(message: Message, columns: Columns) -> Record:
    """Read a message whose value is a JSON object of columns, or that is a tombstone."""
    value = message.value()
    if value is None:
        return read_tombstone(message, columns)
    try:
        return upsert(parse_object(readable_text(value)), columns)
    except (InvalidRecordError, RecursionError):
        return corrupt(value, columns)


def read_tombstone(message: Message, columns: Columns) -> Record:
    """Read a message without a value, which deletes the row that its key names."""
    key = named_key(message, columns)
    return delete(key, columns) if key else corrupt(None, columns)


def named_key(message: Message, columns: Columns) -> dict[str, str]:
    """Return the natural key in the key of a message; empty if it has other contents."""
    try:
        fields = unwrap(parse_object(decode_text(message.key()) or ""))
        return key_values(fields, columns) if fields.keys() == {*columns.key} else {}
    except InvalidRecordError:
        return {}


def unwrap(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the object in `payload`, if Kafka Connect added the object's schema."""
    if fields.keys() == {"schema", "payload"} and isinstance(fields["payload"], dict):
        fields = fields["payload"]
    return fields


def key_values(fields: Mapping[str, Any], columns: Columns) -> dict[str, str]:
    """Return the values of the natural key; empty if one is missing, empty or not a scalar."""
    try:
        values = {name: column_text(fields.get(name)) or "" for name in columns.key}
    except InvalidRecordError:
        return {}
    return values if all(value.strip() for value in values.values()) else {}


def upsert(fields: Mapping[str, Any], columns: Columns) -> Record:
    """Return the record that adds or replaces a row.

    Raises:
        InvalidRecordError: a column holds no text, number or boolean.
    """
    unknown = {name: value for name, value in fields.items() if name not in columns.names}
    cells = [column_text(fields.get(name)) for name in columns.names]
    return Record(cells, json.dumps(unknown) if unknown else None, operation=UPSERT)


def delete(key: Mapping[str, str], columns: Columns) -> Record:
    """Return the record that deletes the row of a natural key."""
    return Record([key.get(name) for name in columns.names], operation=DELETE)


def corrupt(value: bytes | None, columns: Columns) -> Record:
    """Return the corrupt record that keeps a value, in base64 if it is not UTF-8."""
    nulls = (None,) * len(columns.names)
    if value is None:
        return Record(nulls, corrupt="null")
    text = decode_text(value)
    if text is None or text.startswith(_BASE64):
        text = _BASE64 + b64encode(value).decode()
    return Record(nulls, corrupt=text)


def readable_text(value: bytes) -> str:
    """Return a value as text.

    Raises:
        InvalidRecordError: it is not UTF-8.
    """
    if (text := decode_text(value)) is None:
        reason = "it is not UTF-8"
        raise InvalidRecordError(reason)
    return text
