"""The column lineage as people ask for it: by the name of a table, and of a column."""

from collections.abc import Iterable

from flows.config.errors import UnknownColumnError, UnknownTableError
from flows.config.suggest import suggest
from transforms.graph import sources, tables
from transforms.lineage import Edge, Link, column_lineage, downstream, upstream

ROWS = "(rows)"
"""What the edges of the rows of a table have instead of a column."""

Edges = list[dict[str, str | bool]]


def table_edges(table: str) -> Edges:
    """Return the edges of all columns and of the rows of a table to its inputs."""
    if table not in tables():
        return []  # bronze depends on the sources only
    lineage = column_lineage(tables()[table])
    every = {**lineage.columns, ROWS: lineage.rows}
    return _listed(
        Link(table, column, edge) for column, edges in every.items() for edge in sorted(edges)
    )


def column_edges(table: str, column: str) -> dict[str, Edges]:
    """Return the edges from a column back to bronze, and those of all columns that read it."""
    return {
        "upstream": _listed(upstream(table, column)),
        "downstream": _listed(downstream(table, column)),
    }


def table_with_column(asked: str, column: str | None) -> str:
    """Return the full name of a table, with or without its layer.

    Raises:
        UnknownTableError: there is no such table.
        UnknownColumnError: the table has no such column.
    """
    known = {name: table.contract for name, table in tables().items()}
    known |= {contract.spec().table: contract for contract in sources()}
    for name, contract in known.items():
        if asked.lower() in {name, name.partition(".")[2]}:
            if column is not None and column not in contract.fields():
                hint = _hint(column, contract.fields())
                message = f"{name} has no column {column}; {hint}"
                raise UnknownColumnError(message)
            return name
    message = f"there is no table {asked}; {_hint(asked, known)}"
    raise UnknownTableError(message)


def _hint(asked: str, known: Iterable[str]) -> str:
    close = suggest(asked, known)
    return f"nearest: {', '.join(close)}" if close else f"there are {', '.join(known)}"


def _listed(links: Iterable[Link]) -> Edges:
    return [{"table": link.table, "column": link.column, **_on(link.on)} for link in links]


def _on(edge: Edge) -> dict[str, str | bool]:
    return {
        "input_table": edge.table,
        "input_column": edge.column,
        "kind": edge.kind.value,
        "masked": edge.masked,
    }
