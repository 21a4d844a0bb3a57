"""Technical columns: those that tables have in addition to their contract. All begin with `_`."""

import polars as pl

from contracts.contract import Contract

PROVENANCE = pl.Schema(
    {
        "_source": pl.String(),
        "_position": pl.Int64(),
        "_event_time": pl.Datetime("us", "UTC"),
        "_ingested_at": pl.Datetime("us", "UTC"),
        "_rescued_data": pl.String(),
        "_corrupt_record": pl.String(),
        "_operation": pl.String(),
    }
)
"""Columns of bronze and quarantine tables.

- `_source`: the file (`file/<sha256>/<name>`) or the partition of a topic
  (`kafka/<topic>/<partition>/<topic id>`, without the id if it is unknown).
- `_position`: the number of the record in the file, from 1, or its offset.
- `_event_time`: when the record was true: the modification time of the file, or the time that the
  message states.
- `_ingested_at`: when the record was ingested.
- `_rescued_data`: the source columns that the contract does not declare, as JSON. In a corrupt
  change event of Debezium, why it is corrupt.
- `_corrupt_record`: the text of a record that could not be parsed.
- `_operation`: what the record does to the row of its key, `UPSERT` or `DELETE`, as the source
  wrote it. Null in a corrupt record, and in records of older lakes, which are all upserts.
"""

UPSERT = "upsert"
"""The operation of a record that adds a row or replaces it."""

DELETE = "delete"
"""The operation of a record that deletes the row of its key. Only its key columns count."""

OPERATION_HEADER = "_op"
"""The optional column of a landed file with the operation of each record; empty for an upsert."""

SILVER_PROVENANCE = pl.Schema(
    {name: PROVENANCE[name] for name in ("_source", "_position", "_event_time")}
)
"""Columns of silver tables that come from records: the origin and time of the record."""

ROW_VERSION = pl.Schema({"_version": pl.Int64()})
"""The column of silver and gold tables with the table version that last changed the row."""

BROKEN_RULES = pl.Schema({"_broken_rules": pl.List(pl.String())})
"""The column of quarantine tables with the names of the broken rules."""


def stored_schema(contract: type[Contract]) -> pl.Schema:
    """Return the columns of the stored table of a contract."""
    spec = contract.spec()
    if spec.layer == "bronze":
        return pl.Schema({**contract.fields(), **PROVENANCE})
    from_records = spec.layer == "silver" and not spec.incremental_key
    return pl.Schema(
        {**contract.fields(), **(SILVER_PROVENANCE if from_records else {}), **ROW_VERSION}
    )


def quarantine_schema(source: type[Contract]) -> pl.Schema:
    """Return the columns of the quarantine table for the records of a bronze contract."""
    return pl.Schema({**source.fields(), **PROVENANCE, **BROKEN_RULES})
