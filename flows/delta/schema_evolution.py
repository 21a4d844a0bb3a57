"""A table that was made under an older contract, made ready for the rows of the new one."""

from contextlib import suppress

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError

from contracts.contract import Contract
from flows.delta.foreign_commits import signed


def add_missing_columns(handle: DeltaTable, schema: Schema) -> None:
    """Add the columns that a table lacks; its older rows have null there.

    Columns that only the table has stay.
    """
    known = {field.name for field in handle.schema().fields}
    missing = [field for field in schema.fields if field.name not in known]
    if missing:
        with suppress(CommitFailedError):  # of two writers one is too late, and finds them there
            handle.alter.add_columns(missing, commit_properties=signed(CommitProperties(), handle))
        handle.update_incremental()


def repartition(handle: DeltaTable, rows: pl.LazyFrame, contract: type[Contract]) -> None:
    """Divide a table's rows into partitions as the contract says now.

    They stay as they are until the table is made anew, and null where they lack a column for it.
    """
    columns = list(contract.spec().partition_by)
    missing = [name for name in columns if name not in rows.collect_schema()]
    nulls = [pl.lit(None, contract.fields()[name]).alias(name) for name in missing]
    with suppress(CommitFailedError):  # likewise
        # Of Delta's writers the one that changes partitions, and in one commit with the rows.
        rows.with_columns(nulls).sink_delta(
            handle,
            mode="overwrite",
            delta_write_options={
                "schema_mode": "overwrite",
                "partition_by": columns,
                "commit_properties": signed(CommitProperties(max_commit_retries=0), handle),
            },
        )
    handle.update_incremental()
