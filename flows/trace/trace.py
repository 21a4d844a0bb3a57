"""The trace of one row."""

import polars as pl

from flows import delta
from flows.config.errors import InvalidKeyError, UnknownColumnError
from flows.config.settings import Settings
from flows.config.suggest import suggest
from flows.delta.damage import translate_damage
from flows.delta.table_names import resolve_table, upstream_tables
from flows.trace.absent import reasons
from flows.trace.archive import find_in_archive
from flows.trace.compute import Computation, differing_columns
from flows.trace.model import NoRowError
from flows.trace.present import as_rows, shown
from flows.trace.read import read_rows
from flows.trace.result import Trace
from flows.trace.step import Step
from flows.trace.text import reason_line
from flows.trace.walk import walk
from transforms.graph import Table, tables

TESTED = 40
"""With more records, the trace does not test which ones are decisive: fifty take a second."""


def trace(
    lake: str,
    table: Table,
    key: pl.DataFrame,
    *,
    column: str | None = None,
    limit: int | None = 50,
) -> Trace:
    """Return what a row was computed from.

    A record is decisive if the row would be different, or missing, without it: the row is computed
    again without each one. This is not tested if there are more than `TESTED`, or if a table has no
    incremental key, because its rows depend on all rows of its inputs. Inputs that are too large to
    follow take part with their stored rows.

    Args:
        lake: location of the tables.
        table: the table of silver or gold.
        key: the key of the row, a frame of one row.
        column: the only column to follow; all if None.
        limit: the most rows of a table to follow to their records; None to follow and test all.

    Raises:
        NoRowError: there is no such row; says why.
        deltalake.exceptions.TableNotFoundError: the lake does not have the table.
    """
    with translate_damage(lake, [table.name, *upstream_tables(table.name)]):
        root = _root(lake, table, key, column)
        if root.rows.is_empty():
            found = [*reasons(lake, table, key)]
            raise NoRowError(found, [*map(reason_line, found)])
        walk(lake, root, limit)
        again = Computation(root)
        is_small = limit is None or len(again.origins) <= TESTED
        decisive = again.decisive() if is_small and _is_local(root) else None
        origins = {origin for step in root.tree() for origin in step.origins()}
        locations = find_in_archive(lake, Settings().archive, origins)
    return Trace(
        table=table.name,
        key=shown(root.table.contract, key)[0],
        column=column,
        values=shown(table.contract, root.rows.select(root.relevant))[0],
        rows=as_rows(root, decisive, locations),
        differing=tuple(differing_columns(root, again.result)),
    )


def _is_local(root: Step) -> bool:
    """Return whether each table that was followed depends only on input rows with its key."""
    derived = (step.table for step in root.tree() if step.inputs)
    return all(table.contract.spec().incremental_key for table in derived)


def traceable_table(lake: str, asked: str, column: str | None) -> Table:
    """Return a table of silver or gold by its name, with or without its layer.

    Raises:
        InvalidKeyError: a table of that layer has no key.
        UnknownColumnError: the table has no such column.
        UnknownTableError: the lake has no such table.
    """
    wanted = asked.lower()
    names = [name for name in tables() if wanted in {name, name.partition(".")[2]}]
    name = names[-1] if names else asked  # rather of gold than of silver
    if not (names and delta.exists(lake, name)):
        name = resolve_table(lake, name)
    if name not in tables():
        source = name.partition(".")[2]
        readers = [
            each.name
            for each in tables().values()
            if each.source and each.source.spec().name == source
        ]
        message = f"{name} has no key, as it keeps every record; trace {', '.join(readers)}"
        raise InvalidKeyError(message)
    fields = tables()[name].contract.fields()
    if column is not None and column not in fields:
        close = suggest(column, fields)
        hint = f"nearest: {', '.join(close)}" if close else f"there are {', '.join(fields)}"
        message = f"{name} has no column {column}; {hint}"
        raise UnknownColumnError(message)
    return tables()[name]


def _root(lake: str, table: Table, key: pl.DataFrame, column: str | None) -> Step:
    fields = table.contract.fields().names()
    columns = frozenset([column] if column else fields)
    handle = delta.open_existing(lake, table.name)
    rows = read_rows(handle, table.contract, fields, key)
    return Step(table, handle, columns, key, rows)
