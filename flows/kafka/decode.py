"""Kafka messages as raw bronze records: one row per message, whatever the message holds.

Two readers give the same result. Polars parses all values at once that match a pattern of plain
records. Any other message is read alone, so that no message can fail or shift another one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl
from confluent_kafka import Message
from polars.exceptions import ComputeError, PolarsError

from contracts.contract import Bronze
from contracts.technical_columns import UPSERT, stored_schema
from flows.kafka.json_object import InvalidRecordError, decode_text, parse_object
from flows.kafka.record import Columns, Record, read_record, upsert
from flows.kafka.topics import Partition, source_name

EVENT_TIME = "event_time"
"""The header with the event time of a record: milliseconds since 1970, in decimal digits."""

TIME_DIGITS = 14
"""The most digits of a time in milliseconds; enough up to the year 5138."""


def bronze_rows(
    contract: type[Bronze],
    batch: Sequence[Message],
    ids: Mapping[Partition, int | None] | None = None,
) -> pl.DataFrame:
    """Return one row per message, in the order of the batch, with the columns of the bronze table.

    Strings are kept as they are, numbers and booleans as their JSON text. `_rescued_data` is a JSON
    object of the fields that the contract does not know.

    `_corrupt_record` is the value of a message that is not one JSON object with unique names, or
    that has an object, an array or an unpaired surrogate in a column; the columns are then null. A
    value that is not UTF-8 is kept in base64 with the prefix "base64:", and so is text with that
    prefix.

    A message without a value (a tombstone) is a delete, if its key is a JSON object of exactly the
    natural key, each value a text, number or boolean. Otherwise it is a corrupt record, "null".

    Args:
        contract: the bronze table of the messages' topic.
        batch: messages of that topic, without errors.
        ids: the id of the topic per partition, where known.
    """
    columns = Columns.of(contract)
    values = [message.value() for message in batch]
    texts = _texts(values)
    is_plain = texts.str.contains(_plain_record(_field_order(values, columns.names)))
    is_plain = is_plain.fill_null(value=False)
    others = (~is_plain).arg_true().to_list()
    rows = pl.concat(
        [
            _parse_plain(texts.filter(is_plain), columns),
            as_rows((read_record(batch[index], columns) for index in others), columns),
        ]
    )
    if others:
        order = pl.concat([is_plain.arg_true(), pl.Series(others, dtype=pl.get_index_type())])
        rows = rows.select(pl.all().gather(order.arg_sort()))
    return with_provenance(rows, contract, batch, ids or {}, event_times(batch))


def as_rows(records: Iterable[Record], columns: Columns) -> pl.DataFrame:
    """Return one row per record, with the columns of `_schema`."""
    rows = [(*cells, *others) for cells, *others in records]
    return pl.DataFrame(rows, _schema(columns), orient="row")


def with_provenance(
    rows: pl.DataFrame,
    contract: type[Bronze],
    batch: Sequence[Message],
    ids: Mapping[Partition, int | None],
    times: pl.Series,
) -> pl.DataFrame:
    """Add where the messages came from, and when; the result has the columns of the table."""
    return rows.with_columns(
        _source=_sources(batch, ids),
        _position=pl.Series([m.offset() for m in batch], dtype=pl.Int64),
        _event_time=times,
        _ingested_at=pl.lit(datetime.now(UTC), pl.Datetime("us", "UTC")),
    ).select(stored_schema(contract).names())


def event_times(batch: Sequence[Message]) -> pl.Series:
    """Return the event time of each message: its header, else Kafka's timestamp, else null."""
    header = _texts([_event_time_header(message) for message in batch])
    milliseconds = header.str.extract(rf"\A([0-9]{{1,{TIME_DIGITS}}})\z").cast(pl.Int64)
    if milliseconds.has_nulls():
        milliseconds = milliseconds.fill_null(_timestamps(batch))
    return (milliseconds * 1000).cast(pl.Datetime("us", "UTC"))


def _sources(batch: Sequence[Message], ids: Mapping[Partition, int | None]) -> pl.Series:
    """Name the topic partition of each message; they have one topic."""
    partitions = pl.Series([message.partition() for message in batch], dtype=pl.Int64)
    topic = (batch[0].topic() or "") if batch else ""
    names = {
        number: source_name(topic, number, ids.get((topic, number)))
        for number in partitions.unique()
    }
    return partitions.replace_strict(names).cast(pl.String)


def _texts(values: Sequence[bytes | None]) -> pl.Series:
    """Decode values; the result is null for a value that is null or not UTF-8."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except ComputeError:
        return pl.Series([decode_text(value) for value in values], dtype=pl.String)


# A plain record is a JSON object on one line. All its names are known and in a fixed order; all its
# values are strings or null. Escapes in strings are valid and give whole characters, which an
# unpaired surrogate does not.
_ESCAPE = (
    r'\\(?:["\\/bfnrt]'
    r"|u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}"
    r"|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_SCALAR = rf'(?:null|"(?:[^"\\\x00-\x1f]|{_ESCAPE})*")'


def _plain_record(names: Sequence[str]) -> str:
    """Return the pattern of a plain record with these names in this order."""
    members = ", ?".join(rf'"{re.escape(name)}": ?{_SCALAR}' for name in names)
    return rf"\A\{{{members}\}}\z"


def _field_order(values: Sequence[bytes | None], columns: list[str]) -> list[str]:
    """Return the names of the first record in its order, which one producer seldom changes."""
    try:
        names = list(parse_object(decode_text(values[0]) or "")) if values else []
    except InvalidRecordError:
        return columns
    return names if names and set(names) <= set(columns) else columns


def _schema(columns: Columns) -> dict[str, pl.DataType]:
    technical = ("_rescued_data", "_corrupt_record", "_operation")
    return dict.fromkeys([*columns.names, *technical], pl.String())


def _parse_plain(texts: pl.Series, columns: Columns) -> pl.DataFrame:
    if texts.is_empty():
        return pl.DataFrame(schema=_schema(columns))
    lines = texts.str.join("\n").item().encode()
    try:
        rows = pl.read_ndjson(lines, schema=dict.fromkeys(columns.names, pl.String()))
    except PolarsError:  # do not chain it: its text quotes the record
        rows = pl.DataFrame()
    if len(rows) != len(texts):
        return as_rows((upsert(parse_object(text), columns) for text in texts), columns)
    null = pl.lit(None, pl.String)
    return rows.with_columns(_rescued_data=null, _corrupt_record=null, _operation=pl.lit(UPSERT))


def _timestamps(batch: Sequence[Message]) -> pl.Series:
    times = [message.timestamp()[1] for message in batch]
    return pl.Series(
        [time if 0 <= time < 10**TIME_DIGITS else None for time in times], dtype=pl.Int64
    )


def _event_time_header(message: Message) -> bytes | None:
    try:
        headers = message.headers()
    except UnicodeDecodeError:  # the name of a header is not UTF-8
        return None
    for name, value in reversed(headers or ()):
        if name == EVENT_TIME:
            return value if isinstance(value, bytes) else None
    return None
