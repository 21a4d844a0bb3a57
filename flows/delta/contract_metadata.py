"""The contract that a table was written under, stored in the table itself.

It is in the metadata of the table's last column. A rebuild commits it with the rows, so that the
two always match; other commits need not repeat it, and a clean-up of the log does not remove it.
(Delta's table properties would need a commit of their own.)

Bronze stores no contract: all that its contract defines is the names of the columns.
"""

import json
from functools import cache

import polars as pl
from deltalake import DeltaTable, Field, Schema

from contracts.contract import Contract
from contracts.describe import Description, describe, version
from contracts.technical_columns import stored_schema


def with_contract(schema: Schema, contract: type[Contract]) -> Schema:
    """Return a table's columns with the contract stored in their metadata."""
    *others, last = schema.fields
    metadata = {_KEY: json.dumps(describe(contract), ensure_ascii=False)}
    return Schema([*others, Field(last.name, last.type, nullable=last.nullable, metadata=metadata)])


def read_contract(handle: DeltaTable) -> Description | None:
    """Return the contract that the table was written under, if it stores one."""
    stored = handle.schema().fields[-1].metadata.get(_KEY)
    if not stored:
        return None
    found = dict(json.loads(stored))
    # Before version 0.2 the incremental key was called `scope`.
    return {"incremental_key": found.pop("scope", []), **found}


def is_current(handle: DeltaTable, contract: type[Contract]) -> bool:
    """Return whether the table was written under the current contract, with all its columns."""
    stored, columns = read_contract(handle), {field.name for field in handle.schema().fields}
    return (
        stored is not None
        and version(stored) == _version(contract)
        and columns == {*stored_schema(contract)}
    )


def infer_contract(handle: DeltaTable, today: Description) -> Description:
    """Return the contract that a table was written under.

    If the table stores none, infer columns, types and partitions from the table, and take the
    rest from today's contract.
    """
    columns = {
        name: {**today["columns"].get(name, {}), "type": str(dtype)}
        for name, dtype in pl.Schema(handle.schema().to_arrow()).items()
        if not name.startswith("_")
    }
    inferred = {"columns": columns, "partition_by": handle.metadata().partition_columns}
    return read_contract(handle) or {**today, **inferred}


_KEY = "keystone.contract"


@cache
def _version(contract: type[Contract]) -> str:
    return version(describe(contract))
