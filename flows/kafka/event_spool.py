"""The events of a landing zone in a file on disk: sorted, checked and encoded, ready to be sent.

Sorting needs all records at once, and about ten times the files' size of memory. Sending may take
days. With the events in a file, a slow or absent broker costs time but no memory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import polars as pl

from contracts import message_schema
from contracts.contract import Bronze
from contracts.technical_columns import DELETE, OPERATION_HEADER, UPSERT
from flows.config.errors import SettingError
from flows.config.plural import pluralize
from flows.ingest.csv_diagnosis import FileRejectedError
from flows.ingest.csv_reader import inspect_csv, scan_records
from flows.ingest.landing_zone import File, find_files
from transforms.graph import sources
from transforms.order_deletes import order_deletes
from transforms.order_events import entity_events, message_key
from transforms.validation import is_delete


class Event(NamedTuple):
    """A message to send. A corrupt record has no key, a delete no value."""

    entity: str
    key: str | None
    value: str | None
    event_time: int
    """Milliseconds since 1970."""


class MessageSchemaError(Exception):
    """Records break the message schema: a bug, and nothing is sent."""


def check_source(source: str) -> None:
    """Check that a folder has a file of at least one table.

    Raises:
        FileNotFoundError: the folder does not exist, or has no such file.
    """
    files, rejected = find_files(source)
    if not any(files.values()):
        others = f" ({pluralize(len(rejected), 'other file')})" if rejected else ""
        message = (
            f"{source}: 0 files of a table found{others}; name each file after its table, such as "
            "orders.csv"
        )
        raise FileNotFoundError(message)


def check_share(deletes: float) -> None:
    """Check the share of orders to delete.

    Raises:
        SettingError: it is not between 0 and 1.
    """
    if not 0 <= deletes <= 1:
        message = f"deletes is {deletes}; it must be a share of the orders, from 0 to 1"
        raise SettingError(message)


def write_spool(source: str, spool: Path, deletes: float = 0) -> list[str]:
    """Write the events of a folder's CSV files to the folder `spool`, sorted by event time.

    The value of an event is its record as a JSON object; a delete has none (a tombstone). A record
    with a wrong number of fields or broken quotes has its raw text as value and no key; a consumer
    treats it as a corrupt record, as a reader of the file would.

    Records are validated before they are encoded: the message schema defines the fields, each text
    or null. A frame's columns and types prove this for all rows, so they are compared with the JSON
    Schema.

    Args:
        source: the folder with the CSV files.
        spool: the folder to write to.
        deletes: the share of the orders to delete, after all events, with their items, payments
            and reviews.

    Returns:
        A line per rejected file: it belongs to no table, cannot be read, or has columns or
        operations that messages cannot express.

    Raises:
        FileNotFoundError: the folder does not exist.
        MessageSchemaError: the frames break the message schema.
    """
    files, rejected = find_files(source)
    raw = {}
    for contract in sources():
        # The events read each table several times, and Parquet is faster than broken CSV.
        path = spool / f"{contract.spec().name}.parquet"
        _records(contract, files[contract], spool, rejected).sink_parquet(path)
        raw[contract] = pl.scan_parquet(path)
    events = entity_events(raw)
    all_events = [*events.items(), *order_deletes(events, deletes).items()]
    encoded = pl.concat([_encode(*each) for each in all_events])
    in_order = encoded.sort("_order", "_record").drop("_order", "_record")
    in_order.sink_parquet(spool / _EVENTS, row_group_size=_BATCH)
    return [str(reason) for reason in rejected]


def read_spool(spool: Path) -> Iterator[Event]:
    """Read the events in batches, so that memory stays small."""
    events = pl.scan_parquet(spool / _EVENTS)
    count = events.select(pl.len()).collect().item()
    for start in range(0, count, _BATCH):
        yield from map(Event._make, events.slice(start, _BATCH).collect().iter_rows())


_EVENTS = "_events.parquet"
_BATCH = 20_000


def _records(
    contract: type[Bronze], files: list[File], spool: Path, rejected: list[FileRejectedError]
) -> pl.LazyFrame:
    columns = list(contract.fields())
    texts = dict.fromkeys([*columns, "_corrupt_record", "_operation"], pl.String())
    schema = pl.Schema({**texts, "_event_time": pl.Datetime("us", "UTC")})
    frames = [pl.LazyFrame(schema=schema)]
    for file in files:
        try:
            state = file.state()
            path = file.local_path(state, Path(mkdtemp(dir=spool)))  # two names may be equal
            facts = inspect_csv(path)
            modified = pl.from_epoch(pl.lit(int(state.modified * 1e6)), time_unit="us")
            records = scan_records(path, facts, columns).with_columns(
                _event_time=modified.dt.replace_time_zone("UTC")
            )
            _check_expressible(file.name, contract, facts.header, records)
            frames.append(records.select(*schema))
        except FileRejectedError as reason:
            rejected.append(reason)
    return pl.concat(frames)


def _check_expressible(
    name: str, contract: type[Bronze], header: Sequence[str], records: pl.LazyFrame
) -> None:
    """Check that messages can express the columns and operations of a file.

    Raises:
        FileRejectedError: they cannot.
    """
    known = (*contract.fields(), OPERATION_HEADER)
    if unknown := [column for column in header if column not in known]:
        message = (
            f"{name}: the message schema does not know the columns {unknown}; add "
            f"them to {contract.spec().table}, or remove them from the file"
        )
        raise FileRejectedError(message)
    if OPERATION_HEADER in header:
        operations = records.select(pl.col("_operation").str.strip_chars()).drop_nulls()
        other = operations.filter(~pl.col("_operation").is_in(["", UPSERT, DELETE])).collect()
        if len(other):
            message = (
                f"{name}: the column {OPERATION_HEADER} is neither {UPSERT} nor {DELETE} in "
                f"{pluralize(len(other), 'record')}; correct them"
            )
            raise FileRejectedError(message)


def _encode(contract: type[Bronze], events: pl.LazyFrame) -> pl.LazyFrame:
    record = events.select(*contract.fields())
    if mismatches := message_schema.schema_mismatches(
        record.collect_schema(), message_schema.json_schema(contract)
    ):
        message = f"{contract.spec().name} breaks the message schema: {'; '.join(mismatches)}"
        raise MessageSchemaError(message)
    readable = pl.col("_corrupt_record").is_null()
    return events.select(
        pl.col("_order"),
        pl.col("_record"),
        pl.lit(contract.spec().name).alias("entity"),
        pl.when(readable).then(message_key(contract)),
        pl.when(readable & ~is_delete())
        .then(pl.struct(record.collect_schema().names()).struct.json_encode())
        .otherwise("_corrupt_record")  # null in a delete
        .alias("value"),
        pl.col("_event_time").dt.epoch("ms").alias("event_time"),
    )
