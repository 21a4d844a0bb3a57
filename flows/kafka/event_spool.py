"""The events of a landing zone on disk, ready to be sent: in order, checked and encoded.

Making the order takes all records at once (and about ten times the files' size of memory), sending
may take days: between the two the events lie in a file, so that a slow or absent broker costs time
and never memory.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import polars as pl

from contracts import message_schema
from contracts.contract import Bronze
from flows.ingest.csv_diagnosis import FileRejectedError
from flows.ingest.csv_reader import inspect_csv, scan_records
from flows.ingest.landing_zone import File, find_files
from transforms.graph import sources
from transforms.order_events import entity_events, message_key


class Event(NamedTuple):
    """A message to be: `event_time` in epoch milliseconds; no key when the record is corrupt."""

    entity: str
    key: str | None
    value: str
    event_time: int


class MessageSchemaError(Exception):
    """Records are not what the message schema asks for: a bug, and nothing is sent."""


def check_source(source: str) -> None:
    """Make sure that a folder has a file of some table.

    Raises:
        FileNotFoundError: there is no such folder, or it has none.
    """
    files, rejected = find_files(source)
    if not any(files.values()):
        others = f" ({len(rejected)} others)" if rejected else ""
        message = f"{source}: 0 files of a table found{others}; a table's file is called after it"
        raise FileNotFoundError(message)


def write_spool(source: str, spool: Path) -> list[str]:
    """Write the events of a folder's CSV files into `spool`, in the order in which they happened.

    The value of an event is its record as a JSON object. A record that has the wrong number of
    fields or broken quotes is no object: its value is its raw text, without a key, and who reads
    the topic keeps it as a corrupt record, as a reader of the file would.

    Every record is validated before it is encoded. The message schema asks which fields there are,
    and that each is text or null; the columns of a frame and their types say just that of all its
    rows, so comparing them with the JSON Schema is to validate each row.

    Returns a line for each file that is left out: it belongs to no table, cannot be read, or has
    columns that the message schema does not know.

    Raises:
        FileNotFoundError: there is no such folder.
        MessageSchemaError: the frames are not what the message schema asks for.
    """
    files, rejected = find_files(source)
    raw = {}
    for contract in sources():
        # A table is read many times on the way, and a CSV file with broken records slowly.
        path = spool / f"{contract.spec().name}.parquet"
        _records(contract, files[contract], spool, rejected).sink_parquet(path)
        raw[contract] = pl.scan_parquet(path)
    events = pl.concat(
        [_encode(contract, events) for contract, events in entity_events(raw).items()]
    )
    in_order = events.sort("_order", "_record").drop("_order", "_record")
    in_order.sink_parquet(spool / _EVENTS, row_group_size=_BATCH)
    return [str(reason) for reason in rejected]


def read_spool(spool: Path) -> Iterator[Event]:
    """Read the events, some thousands at a time in memory."""
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
    schema = pl.Schema(dict.fromkeys([*columns, "_corrupt_record"], pl.String))
    frames = [pl.LazyFrame(schema=schema)]
    for file in files:
        try:
            path = file.local_path(file.state(), Path(mkdtemp(dir=spool)))  # names may be alike
            facts = inspect_csv(path)
            records = scan_records(path, facts, columns)
            if strange := [name for name in facts.header if name not in columns]:
                message = (
                    f"{file.name}: the message schema does not know the columns {strange}; add "
                    f"them to {contract.spec().table}, or leave them out of the file"
                )
                raise FileRejectedError(message)  # noqa: TRY301 - caught below, with what else is rejected
            frames.append(records.select(*schema))
        except FileRejectedError as reason:
            rejected.append(reason)
    return pl.concat(frames)


def _encode(contract: type[Bronze], events: pl.LazyFrame) -> pl.LazyFrame:
    record = events.select(*contract.fields())
    if wrong := message_schema.schema_mismatches(
        record.collect_schema(), message_schema.json_schema(contract)
    ):
        message = f"{contract.spec().name} breaks the message schema: {'; '.join(wrong)}"
        raise MessageSchemaError(message)
    readable = pl.col("_corrupt_record").is_null()
    return events.select(
        pl.col("_order"),
        pl.col("_record"),
        pl.lit(contract.spec().name).alias("entity"),
        pl.when(readable).then(message_key(contract)),
        pl.when(readable)
        .then(pl.struct(record.collect_schema().names()).struct.json_encode())
        .otherwise("_corrupt_record")
        .alias("value"),
        pl.col("_event_time").dt.epoch("ms").alias("event_time"),
    )
