"""Comparison of a streamed lake with a lake of files: silver, quarantine and gold."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from contracts.contract import Bronze
from contracts.technical_columns import SILVER_PROVENANCE
from flows import delta
from tests.support.entities import tables_of_other_entities
from tests.support.kafka.exactly_once import WATERMARK
from tests.support.refresh import ingest, refresh
from transforms.graph import downstream_tables, sources, tables
from transforms.order_events import ENTITY_ORDER


def batch_lake(lake: str, landings: Iterable[Path]) -> None:
    """Create a lake of files only: ingest them, then refresh."""
    for landing in landings:
        ingest(landing, lake)
    refresh(lake)


def differences(streamed: str, batch: str) -> Iterator[str]:
    """Return the differences between the tables of two refreshed lakes.

    Event times are ignored, because all records of a file share one, and so are histories and the
    tables that read them, because intervals follow event times. So are the source of a
    quarantined record and its repetitions, because a producer may send a message again. Values that
    are not a CSV record exist in the stream only; `unaccounted` checks those.
    """
    unfilled = tables_of_other_entities({contract.spec().name for contract in ENTITY_ORDER})
    histories = {
        name for name, table in tables().items() if "valid_from" in table.contract.fields()
    }
    timed = histories.union(*map(downstream_tables, histories))
    for name in (each for each in tables() if each not in timed):
        if name not in unfilled and _rows(streamed, name).is_empty():
            yield f"{name}: is empty"
        yield from _compared(name, _rows(streamed, name), _rows(batch, name))
    for contract in sources():
        name = delta.quarantine_name(contract)
        mine, theirs = (_broken(lake, contract) for lake in (streamed, batch))
        yield from _compared(name, mine.filter(_NO_VALUE), theirs.filter(_NO_VALUE))
        lost = theirs.join(mine, on=theirs.columns, how="anti", nulls_equal=True)
        if len(lost):
            yield f"{name}: lacks {len(lost)} records that the files have, such as {lost.row(0)}"


def unaccounted(lake: str, contract: type[Bronze], bad: pl.DataFrame) -> Iterator[str]:
    """Return which bad messages the quarantine lacks or repeats.

    A message has a `topic`, a `partition` and a `_position`; rows may also have the topic's id.
    """
    origin = ["_source", "_position"]
    name = delta.quarantine_name(contract)
    there = delta.scan(delta.open_quarantine(lake, contract)).with_columns(WATERMARK).collect()
    bad = bad.select(pl.format("kafka/{}/{}", "topic", "partition").alias("_source"), "_position")
    lost = bad.join(there, on=origin, how="anti")
    if len(lost):
        yield f"{name}: lacks {len(lost)} of {len(bad)} bad messages, such as {lost.row(0)}"
    twice = there.filter(pl.struct(origin).is_duplicated())
    if len(twice):
        yield f"{name}: {len(twice)} records share their position, such as {twice.row(0)}"


_NO_VALUE = pl.col("_corrupt_record").is_null()


def _rows(lake: str, table: str) -> pl.DataFrame:
    rows = delta.scan(delta.open_existing(lake, table)).collect()
    return rows.drop(*SILVER_PROVENANCE, "_version", strict=False)


def _broken(lake: str, contract: type[Bronze]) -> pl.DataFrame:
    rows = delta.scan(delta.open_quarantine(lake, contract)).collect()
    corrupt = pl.col("_corrupt_record")
    return rows.select(*contract.fields(), corrupt, pl.col("_broken_rules").list.sort()).unique()


def _compared(name: str, mine: pl.DataFrame, theirs: pl.DataFrame) -> Iterator[str]:
    for one, other, has in ((mine, theirs, "more"), (theirs, mine, "fewer")):
        only = one.join(other, on=one.columns, how="anti", nulls_equal=True)
        if len(only):
            yield f"{name}: has {len(only)} rows {has} than the files, such as {only.row(0)}"
    if len(mine) != len(theirs):
        yield f"{name}: has {len(mine)} rows, the files {len(theirs)}"
