"""Compute the rows of a derived table and check them against its contract."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Contract
from contracts.reconcile import reconcile
from contracts.table_check import check_table
from flows import delta
from flows.delta import data_files
from flows.delta.data_files import Written
from flows.refresh.affected_keys import has_columns
from flows.refresh.code_version import code_version
from flows.refresh.workers import UnlikeWorkersError
from transforms.graph import Table

Handles = Mapping[str, DeltaTable]


class OpenTables(NamedTuple):
    """A derived table, with handles on the tables that it reads and refers to."""

    table: Table
    target: DeltaTable
    inputs: Handles
    """The inputs, by name."""
    parents: Handles
    """The tables that the foreign keys refer to, by foreign key."""


def compute_keys(tables: OpenTables, keys: pl.DataFrame) -> pl.DataFrame:
    """Compute and check the rows of some incremental keys."""

    def select(handle: DeltaTable, contract: type[Contract]) -> pl.LazyFrame:
        return delta.matching(handle, keys, is_key=list(contract.spec().key) == keys.columns)

    rows = _run(tables, select)
    contract = tables.table.contract
    parents = {
        column: delta.matching(tables.parents[column], _parent_keys(rows, column, parent))
        for column, parent in contract.references().items()
    }
    check_table(rows, contract, parents)
    return rows


def compute_chunk(tables: OpenTables, chunk: pl.Expr) -> pl.DataFrame:
    """Compute and check the rows of a chunk of the incremental keys, given by a filter."""
    rows = _run(tables, lambda handle, _: delta.scan(handle).filter(chunk))
    parents = {column: delta.scan(parent) for column, parent in tables.parents.items()}
    check_table(rows, tables.table.contract, parents)
    return rows


class FullRefresh(NamedTuple):
    """A full refresh, described by names and versions so that it can be sent to a worker."""

    lake: str
    table: Table
    version: int
    inputs: Mapping[str, int]
    """The versions of the inputs, by name."""
    parents: Mapping[str, int]
    """The versions of the tables that the foreign keys refer to, by foreign key."""
    software: tuple[str, int]
    """The versions of Polars and of the table's code."""


def describe(lake: str, tables: OpenTables) -> FullRefresh:
    """Describe a full refresh of a table from the versions that are open."""
    return FullRefresh(
        lake,
        tables.table,
        tables.target.version(),
        {name: handle.version() for name, handle in tables.inputs.items()},
        {column: handle.version() for column, handle in tables.parents.items()},
        _software(tables.table),
    )


def write_chunk(refresh: FullRefresh, chunk: pl.Expr) -> Written:
    """Write a chunk of a table's rows to data files, for one commit of all chunks.

    Raises:
        UnlikeWorkersError: this process runs other software than the one that asks.
    """
    table = refresh.table
    if _software(table) != refresh.software:
        message = (
            f"{table.name}: a worker has other code, or another Polars than {refresh.software[0]}, "
            f"and would divide the table into other chunks; use the same installation everywhere"
        )
        raise UnlikeWorkersError(message)

    def open_version(name: str, version: int) -> DeltaTable:
        handle = delta.open_existing(refresh.lake, name)
        handle.load_as_version(version)
        return handle

    target = open_version(table.name, refresh.version)
    inputs = {name: open_version(name, version) for name, version in refresh.inputs.items()}
    parents = {
        column: open_version(parent.spec().table, refresh.parents[column])
        for column, parent in table.contract.references().items()
    }
    rows = compute_chunk(OpenTables(table, target, inputs, parents), chunk)
    return data_files.write_files(target, [delta.stamped(target, rows)])


def _software(table: Table) -> tuple[str, int]:
    return pl.__version__, code_version(table)


def _parent_keys(rows: pl.DataFrame, column: str, parent: type[Contract]) -> pl.DataFrame:
    (key,) = parent.spec().key
    return rows.select(pl.col(column).alias(key)).unique().drop_nulls()


_Select = Callable[[DeltaTable, type[Contract]], pl.LazyFrame]
"""Select rows of an input under a contract."""


def _run(tables: OpenTables, select: _Select) -> pl.DataFrame:
    """Run the function on selected rows of the inputs with the incremental key, all of the others.

    The sums that the contract declares are reconciled with the rows that were read.
    """
    table, spec = tables.table, tables.table.contract.spec()
    frames = {}
    for name, contract in table.inputs.items():
        handle = tables.inputs[contract.spec().table]
        local = has_columns(handle, spec.incremental_key)
        rows = select(handle, contract) if local else delta.scan(handle)
        frames[name] = rows.select(contract.fields().names())
    lazy = table.function(**frames).select(table.contract.fields().names())
    order = spec.sort_by or (() if spec.incremental_key else spec.key)
    return reconcile(
        lazy.sort(order) if order else lazy,
        table.contract,
        {table.inputs[name]: frames[name] for name in frames},
    )
