"""The records of rows of silver: those that became rows, and the others of their keys."""

import polars as pl
from polars import col

from contracts.technical_columns import quarantine_schema
from flows import delta
from flows.refresh.records import ORIGIN, records_at, records_of, typed_versions, without
from flows.trace.step import Step
from flows.trace.versions import open_input, open_quarantine
from transforms.deduplication import latest_versions
from transforms.graph import Table


def find_records(lake: str, step: Step) -> pl.DataFrame:
    """Return the raw records of the keys of a step's rows.

    Shape: the columns of quarantine, `_state`, and the columns of the natural key with the suffix
    `_key`; the latest record of a key first.
    """
    source = step.table.versions_of or step.table
    (contract,) = source.inputs.values()
    bronze = open_input(lake, contract.spec().table, step.handle)
    key = list(source.contract.spec().key)
    if step.where is not None and {*step.where.columns} <= {*key}:
        keys = step.where  # also finds keys without a row, such as those of records in quarantine
    else:
        keys = step.rows.select(key).unique()
    name = delta.quarantine_name(contract)
    quarantined = pl.DataFrame(schema=quarantine_schema(contract))
    waiting = 0
    if delta.exists(lake, name):
        # A history table has consumed a version, and silver carries a generation.
        opened = open_input if step.table.versions_of else open_quarantine
        quarantine = opened(lake, name, step.handle)
        waiting = delta.rows(quarantine)
        if waiting:
            quarantined = _complete(quarantined, records_of(source, quarantine, keys))
    if step.table.source and delta.rows(bronze) == delta.rows(step.handle) + waiting:
        # Every valid record is a row, so the rows say where their records are.
        valid = records_at(bronze, step.rows.select(ORIGIN))
    else:
        valid = records_of(source, bronze, keys)
    valid = without(valid, quarantined.lazy())
    return _with_states(source, _complete(quarantined.clear(), valid), quarantined)


def _with_states(source: Table, valid: pl.DataFrame, quarantined: pl.DataFrame) -> pl.DataFrame:
    key = list(source.contract.spec().key)
    versions = typed_versions(source, valid).with_row_index("_row")
    latest = latest_versions(versions.select(pl.exclude("_row"), "_row").lazy(), key).collect()
    is_latest = versions["_row"].is_in(latest["_row"].implode())
    state = (
        pl.when(~is_latest)
        .then(pl.lit("superseded"))
        .when(versions["_is_delete"])
        .then(pl.lit("deleted"))
        .otherwise(pl.lit("accepted"))
    )
    found = pl.concat(
        [
            valid.with_columns(_state=state),
            quarantined.with_columns(_state=pl.lit("quarantined")),
        ]
    )
    typed = source.function(found.lazy()).select(col(key).name.suffix("_key")).collect()
    return pl.concat([found, typed], how="horizontal").sort(
        "_event_time", "_source", "_position", descending=True, nulls_last=True
    )


def _complete(empty: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with all columns of a frame; tables of older lakes lack some."""
    return pl.concat([empty, rows], how="diagonal").select(empty.columns)
