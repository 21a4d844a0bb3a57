"""Change events of Debezium as raw bronze records: one row per message, whatever it holds.

An event is an envelope: `op` says what happened to a row, `before` and `after` hold the row, and
`ts_ms` says when. Kafka Connect may have added a schema to it. A delete is followed by a tombstone
with the same key, so that Kafka can compact the topic.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from confluent_kafka import Message

from contracts.contract import Bronze
from contracts.technical_columns import DELETE
from flows.kafka.decode import TIME_DIGITS, as_rows, event_times, with_provenance
from flows.kafka.json_object import InvalidRecordError, parse_object, reject
from flows.kafka.record import (
    Columns,
    Record,
    corrupt,
    delete,
    key_values,
    named_key,
    readable_text,
    unwrap,
    upsert,
)
from flows.kafka.topics import Partition, source_name

REASON = "_reason"
"""The name in `_rescued_data` under which a corrupt record says why it is none."""

FindRow = Callable[[str, str, int], Mapping[str, Any] | None]
"""Returns the bronze row of a topic, a source and a position."""


def change_rows(
    contract: type[Bronze],
    batch: Sequence[Message],
    ids: Mapping[Partition, int | None],
    find_row: FindRow,
) -> pl.DataFrame:
    """Return one row per message, in the order of the batch, with the columns of the bronze table.

    The operations c, u and r are upserts of `after`; d is a delete of the natural key in `before`,
    else in the message's key. The event time is `ts_ms`. All else is a corrupt record: other
    operations, an envelope that lacks a part, and a value that is no envelope. Its `_rescued_data`
    says why. Columns are read as in `bronze_rows`.

    A tombstone is a delete too. Directly after a delete of its key it has the same event time: its
    own timestamp, set when it was sent, may be later than the `ts_ms` of the row's next insert.

    Args:
        contract: the bronze table of the messages' topic.
        batch: messages of that topic, without errors, in order per partition.
        ids: the id of the topic per partition, where known.
        find_row: looks up the message before the batch.
    """
    columns = Columns.of(contract)
    changes = [_read(message, columns) for message in batch]
    rows = as_rows((change.record for change in changes), columns)
    stated = list(_stated_times(batch, changes, columns, ids, find_row))
    milliseconds = pl.Series(stated, dtype=pl.Int64)
    times = (milliseconds * 1000).cast(pl.Datetime("us", "UTC")).fill_null(event_times(batch))
    return with_provenance(rows, contract, batch, ids, times)


class _Change(NamedTuple):
    record: Record
    time: int | None = None
    """The event time that the envelope states, in milliseconds since 1970."""


def _read(message: Message, columns: Columns) -> _Change:
    value = message.value()
    try:
        if value is None:
            key = named_key(message, columns)
            return _Change(delete(key or reject("its key is not the natural key"), columns))
        event = unwrap(parse_object(readable_text(value)))
        return _Change(_record(event, message, columns), _time(event))
    except (InvalidRecordError, RecursionError) as error:
        reason = json.dumps({REASON: str(error)})
        return _Change(corrupt(value, columns)._replace(rescued=reason))


def _record(event: Mapping[str, Any], message: Message, columns: Columns) -> Record:
    operation = event.get("op")
    if operation in _UPSERTS:
        return upsert(_row(event), columns)
    if operation == _DELETE:
        before = event.get("before")
        key = key_values(before, columns) if isinstance(before, dict) else {}
        key = key or named_key(message, columns)
        return delete(key or reject("neither `before` nor the key has the natural key"), columns)
    return reject("it has no `op` of c, u, r or d")


def _row(event: Mapping[str, Any]) -> dict[str, Any]:
    row = event.get("after")
    if not isinstance(row, dict):
        reject("it has no `after`")
    if _UNAVAILABLE in row.values():
        reject("a column is unavailable; set REPLICA IDENTITY FULL for its table")
    return row


def _time(event: Mapping[str, Any]) -> int:
    time = event.get("ts_ms")
    if not isinstance(time, int) or isinstance(time, bool) or not 0 <= time < 10**TIME_DIGITS:
        reject("it has no `ts_ms` in milliseconds since 1970")
    return time


_UPSERTS = ("c", "u", "r")
_DELETE = "d"
_UNAVAILABLE = "__debezium_unavailable_value"
"""Debezium's placeholder for a large value of PostgreSQL that an update has not changed."""


def _stated_times(
    batch: Sequence[Message],
    changes: Sequence[_Change],
    columns: Columns,
    ids: Mapping[Partition, int | None],
    find_row: FindRow,
) -> Iterator[int | None]:
    """Yield the stated times; for a tombstone, that of a delete of its key directly before it."""
    last: dict[Partition, tuple[int, _Change]] = {}
    for message, change in zip(batch, changes, strict=True):
        key, position = (message.topic() or "", message.partition() or 0), message.offset() or 0
        stated = change
        if message.value() is None and change.record.operation == DELETE:
            source = source_name(*key, ids.get(key))
            if key not in last and (row := find_row(key[0], source, position - 1)):
                last[key] = position - 1, _from_bronze(row, columns)
            offset, before = last.get(key, (position, change))
            if offset == position - 1 and before.record == change.record:
                stated = before
        last[key] = position, stated
        yield stated.time


def _from_bronze(row: Mapping[str, Any], columns: Columns) -> _Change:
    record = Record([row[name] for name in columns.names], operation=row["_operation"])
    time = row["_event_time"]
    return _Change(record, None if time is None else round(time.timestamp() * 1000))
