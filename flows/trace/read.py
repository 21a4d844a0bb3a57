"""Rows of the tables that a trace reads."""

from collections.abc import Iterable

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Contract
from flows import delta
from transforms.graph import Table


def read_rows(
    handle: DeltaTable, contract: type[Contract], columns: Iterable[str], where: pl.DataFrame | None
) -> pl.DataFrame:
    """Return the rows of a table with some values: the key, some columns and technical columns."""
    stored = {field.name for field in handle.schema().fields}
    technical = [name for name in ("_source", "_position", "_version") if name in stored]
    names = dict.fromkeys([*contract.spec().key, *sorted(columns), *technical])
    if where is None:
        rows = delta.scan(handle)
    else:
        # The files are searched by the first column, so the most selective one comes first.
        by_values = sorted(where.columns, key=lambda name: where[name].n_unique())
        rows = delta.matching(handle, where.select(by_values))
    return rows.select(*names).collect(engine="streaming")


def referred_keys(
    table: Table,
    rows: pl.DataFrame,
    others: Iterable[tuple[type[Contract], pl.DataFrame]],
    contract: type[Contract],
) -> pl.DataFrame | None:
    """Return the keys of an input that rows of a table, or of its other inputs, refer to.

    If none of their columns refers to the input, return None.

    Args:
        table: the table.
        rows: its rows.
        others: the contracts and rows of the other inputs.
        contract: the contract of the input.
    """
    referring = [(rows, table.contract.references())]
    referring += [(each, {**read.references(), **read.lookups()}) for read, each in others]
    (key, *_) = contract.spec().key
    values = [
        each.select(pl.col(column).alias(key))
        for each, references in referring
        for column, parent in references.items()
        if parent is contract and column in each.columns
    ]
    return pl.concat(values).unique().drop_nulls() if values else None
