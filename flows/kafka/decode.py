"""Kafka messages as raw bronze records: every message one row, nothing lost, nothing guessed.

Two readers, one meaning. Values that a pattern proves to be plain records of the message schema are
left to Polars, all at once. Any other value is read by itself, so that no message can fail or shift
its neighbours.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import polars as pl
from confluent_kafka import Message
from polars.exceptions import ComputeError, PolarsError

from contracts.contract import Bronze
from contracts.technical_columns import stored_schema
from flows.kafka.client import source_name

EVENT_TIME = "event_time"
"""The header that says when a record was true: milliseconds since 1970, in decimal digits."""

_BASE64 = "base64:"
_DIGITS = 14  # of such a time; it reaches to the year 5138
_LONGEST_NUMBER = 400  # digits; a longer one is kept as text, for Python would not parse it


def bronze_rows(
    contract: type[Bronze],
    batch: Sequence[Message],
    ids: Mapping[tuple[str, int], int | None] | None = None,
) -> pl.DataFrame:
    """Read one row per message, in the order of the batch: the columns of the bronze table.

    Strings are kept as they are, numbers and booleans as their JSON text. `_rescued_data` is a JSON
    object of the fields that the contract does not know. `_corrupt_record` is the value of a
    message that is not one JSON object with unique names, or that has an object, an array or half a
    surrogate pair in a column; the columns are then null. Bytes that are not UTF-8 stand there in
    base64, behind "base64:", and so does a text that itself begins like that; a message without a
    value (a tombstone) as "null".

    Args:
        contract: the bronze table of the messages' topic.
        batch: messages of that topic, none of them an error.
        ids: the id of the topic, by topic and partition, where it is known.
    """
    columns = contract.fields().names()
    values = [message.value() for message in batch]
    texts = _texts(values)
    proven = texts.str.contains(_plain(_names(values, columns))).fill_null(value=False)
    odd = (~proven).arg_true().to_list()
    read = pl.concat(
        [
            _read_plain(texts.filter(proven), columns),
            _read_each([values[place] for place in odd], columns),
        ]
    )
    if odd:
        places = pl.concat([proven.arg_true(), pl.Series(odd, dtype=pl.get_index_type())])
        read = read.select(pl.all().gather(places.arg_sort()))
    return read.with_columns(
        _source=_sources(batch, ids or {}),
        _position=pl.Series([m.offset() for m in batch], dtype=pl.Int64),
        _event_time=_event_times(batch),
        _ingested_at=pl.lit(datetime.now(UTC), pl.Datetime("us", "UTC")),
    ).select(stored_schema(contract).names())


def _sources(batch: Sequence[Message], ids: Mapping[tuple[str, int], int | None]) -> pl.Series:
    places = [(message.topic() or "", message.partition() or 0) for message in batch]
    names = {place: source_name(*place, ids.get(place)) for place in set(places)}
    return pl.Series([names[place] for place in places], dtype=pl.String)


def _texts(values: Sequence[bytes | None]) -> pl.Series:
    """Decode the values; null is one that is null or not UTF-8."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except ComputeError:
        return pl.Series([_text(value) for value in values], dtype=pl.String)


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


# A plain record is an object whose members all have a known name, stand in one order, and are
# strings or null. Strings are well-formed and their escapes stand for characters, which half a
# surrogate pair does not. Nothing more is to be known of it, and no line break is in it.
_ESCAPE = (
    r'\\(?:["\\/bfnrt]'
    r"|u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}"
    r"|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_SCALAR = rf'(?:null|"(?:[^"\\\x00-\x1f]|{_ESCAPE})*")'


def _plain(names: Sequence[str]) -> str:
    members = ", ?".join(rf'"{re.escape(name)}": ?{_SCALAR}' for name in names)
    return rf"\A\{{{members}\}}\z"


def _names(values: Sequence[bytes | None], columns: list[str]) -> list[str]:
    """Return the names of the first record in its order: those of one producer look alike."""
    try:
        names = list(_object((values[0] or b"").decode())) if values else []
    except (ValueError, RecursionError):
        return columns
    return names if names and set(names) <= set(columns) else columns


def _schema(columns: Sequence[str]) -> dict[str, pl.DataType]:
    return dict.fromkeys([*columns, "_rescued_data", "_corrupt_record"], pl.String())


def _read_plain(texts: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    if texts.is_empty():
        return pl.DataFrame(schema=_schema(columns))
    lines = texts.str.join("\n").item().encode()
    try:
        read = pl.read_ndjson(lines, schema=dict.fromkeys(columns, pl.String()))
    except PolarsError:  # its text quotes the record
        read = pl.DataFrame()
    if len(read) != len(texts):
        return _read_each([text.encode() for text in texts], columns)
    nothing = pl.lit(None, pl.String)
    return read.with_columns(_rescued_data=nothing, _corrupt_record=nothing)


def _read_each(values: Sequence[bytes | None], columns: Sequence[str]) -> pl.DataFrame:
    rows = [_read_odd(value, columns) for value in values]
    return pl.DataFrame(rows, _schema(columns), orient="row")


def _read_odd(value: bytes | None, columns: Sequence[str]) -> tuple[str | None, ...]:
    """Read one message: its columns, `_rescued_data`, `_corrupt_record`."""
    nothing = (None,) * (len(columns) + 1)
    if value is None:
        return (*nothing, "null")
    if (text := _text(value)) is None or text.startswith(_BASE64):
        return (*nothing, _BASE64 + b64encode(value).decode())
    try:
        record = _object(text)
        unknown = {name: value for name, value in record.items() if name not in columns}
        cells = [_cell(record.get(name)) for name in columns]
        return (*cells, json.dumps(unknown) if unknown else None, None)
    except (ValueError, RecursionError):
        return (*nothing, text)


def _object(text: str) -> dict[str, Any]:
    record = json.loads(
        text,
        object_pairs_hook=_unique,
        parse_int=lambda digits: _exact(int, digits),
        parse_float=lambda digits: _exact(float, digits),
        parse_constant=_refuse,
    )
    return record if isinstance(record, dict) else _refuse(text)


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(members)
    return record if len(record) == len(members) else _refuse("a name twice")


def _exact(kind: Callable[[str], int | float], digits: str) -> int | float | str:
    """Return the number where it would be written the same again, else its digits as text."""
    if len(digits) > _LONGEST_NUMBER:
        return digits
    number = kind(digits)
    return number if json.dumps(number) == digits else digits


def _cell(value: Any) -> str | None:
    if isinstance(value, dict | list):
        _refuse("a column is one value")
    text = value if value is None or isinstance(value, str) else json.dumps(value)
    if text:
        text.encode()  # raises for half a surrogate pair
    return text


def _refuse(what: str) -> NoReturn:
    raise ValueError(what)


def _event_times(batch: Sequence[Message]) -> pl.Series:
    """Return the times of the headers, else those that Kafka knows; null is neither."""
    header = _texts([_header(message) for message in batch])
    milliseconds = header.str.extract(rf"\A([0-9]{{1,{_DIGITS}}})\z").cast(pl.Int64)
    if milliseconds.has_nulls():
        milliseconds = milliseconds.fill_null(_kafka_times(batch))
    return (milliseconds * 1000).cast(pl.Datetime("us", "UTC"))


def _kafka_times(batch: Sequence[Message]) -> pl.Series:
    times = [message.timestamp()[1] for message in batch]
    return pl.Series([time if 0 <= time < 10**_DIGITS else None for time in times], dtype=pl.Int64)


def _header(message: Message) -> bytes | None:
    try:
        headers = message.headers()
    except UnicodeDecodeError:  # the name of a header is not UTF-8
        return None
    time = dict(headers).get(EVENT_TIME) if headers else None
    return time if isinstance(time, bytes) else None
