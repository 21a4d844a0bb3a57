"""The contract that a table was made under, noted in the table itself.

It lies in the metadata of the table's last column. A rebuild commits that with the rows, so that
the two always belong together; it costs other commits nothing, and no clean-up of the log takes it
away. (Delta's table properties take a commit of their own.)

Bronze has no note: what its contract says of the table are the names of columns, and those that the
table has say it.
"""

import json
from functools import cache

import polars as pl
from deltalake import DeltaTable, Field, Schema

from contracts.contract import Contract
from contracts.describe import Description, describe, version
from contracts.technical_columns import stored_schema


def with_contract(schema: Schema, contract: type[Contract]) -> Schema:
    """Return the columns of a table that is made under a contract, with a note of that."""
    *others, last = schema.fields
    note = {_NOTE: json.dumps(describe(contract), ensure_ascii=False)}
    return Schema([*others, Field(last.name, last.type, nullable=last.nullable, metadata=note)])


def read_contract(handle: DeltaTable) -> Description | None:
    """Return what the contract promised that the table was made under, if there is a note of it."""
    note = handle.schema().fields[-1].metadata.get(_NOTE)
    if not note:
        return None
    found = dict(json.loads(note))
    # Before version 0.2 the incremental key was called `scope`.
    return {"incremental_key": found.pop("scope", []), **found}


def is_current(handle: DeltaTable, contract: type[Contract]) -> bool:
    """Return whether the table was made under the contract as it is now, with all its columns."""
    note, columns = read_contract(handle), {field.name for field in handle.schema().fields}
    return (
        note is not None
        and version(note) == _version(contract)
        and columns == {*stored_schema(contract)}
    )


def infer_contract(handle: DeltaTable, today: Description) -> Description:
    """Return what the contract of a table promised when it was made.

    Where there is no note of it, the table shows its columns, their types and its partitions; all
    else is taken to be as today.
    """
    columns = {
        name: {**today["columns"].get(name, {}), "type": str(dtype)}
        for name, dtype in pl.Schema(handle.schema().to_arrow()).items()
        if not name.startswith("_")
    }
    shown = {"columns": columns, "partition_by": handle.metadata().partition_columns}
    return read_contract(handle) or {**today, **shown}


_NOTE = "keystone.contract"


@cache
def _version(contract: type[Contract]) -> str:
    return version(describe(contract))
