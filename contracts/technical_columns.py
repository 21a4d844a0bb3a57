"""The columns that we add to a table beside those of its contract; all begin with `_`."""

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
    }
)
"""Of every bronze and quarantine row: the source (`file/<sha256>/<name>`, or
`kafka/<topic>/<partition>/<topic id>`, without the id where it is not known), the record's number
there (from 1, or its offset), when the record was true (a file's modification time, or what the
message says), when it reached us, the source's columns that the contract does not know (JSON), and
the text of a record that could not be read."""

SILVER_PROVENANCE = pl.Schema(
    {name: PROVENANCE[name] for name in ("_source", "_position", "_event_time")}
)
"""Of every silver row that comes from a record: where that record stands, and when it was true."""

ROW_VERSION = pl.Schema({"_version": pl.Int64()})
"""Of every silver and gold row: the version of its table that last changed it."""

BROKEN_RULES = pl.Schema({"_broken_rules": pl.List(pl.String())})
"""Of every quarantine row: what is wrong with it."""


def stored_schema(contract: type[Contract]) -> pl.Schema:
    """Return the columns of the contract's table as it is stored."""
    spec = contract.spec()
    if spec.layer == "bronze":
        return pl.Schema({**contract.fields(), **PROVENANCE})
    upserted = spec.layer == "silver" and not spec.incremental_key
    return pl.Schema(
        {**contract.fields(), **(SILVER_PROVENANCE if upserted else {}), **ROW_VERSION}
    )


def quarantine_schema(source: type[Contract]) -> pl.Schema:
    """Return the columns of the quarantine table of a bronze contract's records."""
    return pl.Schema({**source.fields(), **PROVENANCE, **BROKEN_RULES})
