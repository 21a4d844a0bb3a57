"""The column lineage of the tables of the graph."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import polars as pl

from contracts.contract import Contract
from contracts.technical_columns import stored_schema
from transforms.graph import Table, tables
from transforms.lineage.edges import Edge, Edges, strongest
from transforms.lineage.plan import fingerprint, read_plan, scan


class ColumnLineage(NamedTuple):
    """The input columns that a table depends on, with one edge per input column."""

    columns: Mapping[str, Edges]
    """By column of the table, the input columns that its values depend on."""
    rows: Edges
    """The input columns that decide which rows the table has, such as keys of joins."""


class Link(NamedTuple):
    """A column of a table, and one of the columns that it depends on."""

    table: str
    column: str
    on: Edge


def column_lineage(table: Table) -> ColumnLineage:
    """Return what the columns and rows of a table depend on, from the plan of its function.

    If a step of the plan is unknown, an `UnknownStepWarning` names it, and everything that it gives
    depends on all columns of its inputs.
    """
    return _read(table.function, table.contract, *table.inputs.items())


def upstream(table: str, column: str) -> list[Link]:
    """Return what a column depends on, back to bronze; the nearest first."""
    return _reached((table, column), _links, lambda link: (link.on.table, link.on.column))


def downstream(table: str, column: str) -> list[Link]:
    """Return what depends on a column, directly or indirectly; the nearest first."""
    return _reached((table, column), _reversed, lambda link: (link.table, link.column))


def readers(table: str, column: str) -> list[Link]:
    """Return the columns that depend on a column directly, in the order of the graph."""
    return _reversed().get((table, column), [])


def unmasked_personal_data(table: Table) -> list[Link]:
    """Return the columns not tagged personal that depend on personal data which is not masked.

    Redacted text is masked, and so is text of which a column only says whether there is any.
    """
    personal = {contract.spec().table: contract.personal() for contract in table.inputs.values()}
    return [
        Link(table.name, column, edge)
        for column, edges in column_lineage(table).columns.items()
        for edge in sorted(edges)
        if column not in table.contract.personal()
        and edge.column in personal[edge.table]
        and not edge.masked
    ]


@cache
def _read(
    function: Callable[..., pl.LazyFrame],
    contract: type[Contract],
    *parameters: tuple[str, type[Contract]],
) -> ColumnLineage:
    # Different numbers of rows tell inputs with the same columns apart.
    inputs = {
        name: pl.DataFrame(schema=stored_schema(read)).clear(number).lazy()
        for number, (name, read) in enumerate(parameters)
    }
    scans = {
        fingerprint(inputs[name]): scan(read.spec().table, stored_schema(read), read.spec().key)
        for name, read in parameters
    }
    result = read_plan(function(**inputs), scans)
    return ColumnLineage(
        {name: _declared(result.columns[name]) for name in contract.fields()},
        _declared(result.rows),
    )


def _declared(edges: Edges) -> Edges:
    """Leave out technical columns, which only histories read."""
    return strongest(edge for edge in edges if not edge.column.startswith("_"))


_Column = tuple[str, str]


@cache
def _links() -> dict[_Column, list[Link]]:
    """Return, by column, its links to the columns that it depends on."""
    return {
        (table.name, column): [Link(table.name, column, edge) for edge in sorted(edges)]
        for table in tables().values()
        for column, edges in column_lineage(table).columns.items()
    }


@cache
def _reversed() -> dict[_Column, list[Link]]:
    """Return, by column, the links of the columns that depend on it."""
    found: dict[_Column, list[Link]] = {}
    for link in (link for links in _links().values() for link in links):
        found.setdefault((link.on.table, link.on.column), []).append(link)
    return found


def _reached(
    start: _Column,
    links: Callable[[], Mapping[_Column, list[Link]]],
    end: Callable[[Link], _Column],
) -> list[Link]:
    reached, found = [start], list[Link]()
    for column in reached:  # grows while it is read
        for link in links().get(column, []):
            found.append(link)
            if end(link) not in reached:
                reached.append(end(link))
    return found
