"""Changes that prepare a table of an older contract for the rows of the current one."""

from contextlib import suppress

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError

from contracts.contract import Contract
from flows.delta.foreign_commits import with_commit_id


def add_missing_columns(handle: DeltaTable, schema: Schema) -> None:
    """Add the columns that a table lacks; they are null in its older rows.

    Columns that only the table has stay.
    """
    existing = {field.name for field in handle.schema().fields}
    missing = [field for field in schema.fields if field.name not in existing]
    if missing:
        properties = with_commit_id(CommitProperties(), handle)
        # If another writer was faster, it has added the columns.
        with suppress(CommitFailedError):
            handle.alter.add_columns(missing, commit_properties=properties)
        handle.update_incremental()


def repartition(handle: DeltaTable, rows: pl.LazyFrame, contract: type[Contract]) -> None:
    """Write a table's rows into the partitions of the current contract.

    The rows do not change until the table is rebuilt; a partition column that they lack is null.
    """
    columns = list(contract.spec().partition_by)
    missing = [name for name in columns if name not in rows.collect_schema()]
    nulls = [pl.lit(None, contract.fields()[name]).alias(name) for name in missing]
    # If another writer was faster, it has repartitioned the table.
    with suppress(CommitFailedError):
        # The only writer that changes the partition columns in the same commit as the rows.
        rows.with_columns(nulls).sink_delta(
            handle,
            mode="overwrite",
            delta_write_options={
                "schema_mode": "overwrite",
                "partition_by": columns,
                "commit_properties": with_commit_id(CommitProperties(max_commit_retries=0), handle),
            },
        )
    handle.update_incremental()
