"""The column lineage around a table: inputs and readers of its columns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from transforms.graph import Table
from transforms.lineage import Kind, column_lineage


class Links(NamedTuple):
    """Columns of other tables that a column depends on, or that depend on it."""

    number: int
    by_kind: dict[str, dict[str, list[str]]]
    """By the kind of the dependency in words, then by table: columns."""


def column_inputs(table: Table | None) -> tuple[dict[str, Links], Links]:
    """Return the inputs of each column of a table, and those that decide which rows it has."""
    if table is None:
        return {}, links([])
    lineage = column_lineage(table)
    columns = {
        name: links((edge.kind, edge.table, edge.column) for edge in edges)
        for name, edges in lineage.columns.items()
    }
    return columns, links((edge.kind, edge.table, edge.column) for edge in lineage.rows)


def column_readers(name: str, graph: Mapping[str, Table]) -> dict[str, Links]:
    """Return, by column of a table, the columns of other tables that depend on it directly."""
    found = defaultdict[str, list[tuple[Kind, str, str]]](list)
    for table in graph.values():
        if name in table.input_names:
            for column, edges in column_lineage(table).columns.items():
                for edge in edges:
                    if edge.table == name:
                        found[edge.column].append((edge.kind, table.name, column))
    return {column: links(reading) for column, reading in found.items()}


def links(columns: Iterable[tuple[Kind, str, str]]) -> Links:
    """Group columns by their kind, the strongest first, and by their table."""
    order = [*Kind]
    found = sorted(columns, key=lambda column: (order.index(column[0]), *column[1:]))
    by_kind: dict[str, dict[str, list[str]]] = {}
    for kind, table, column in found:
        by_kind.setdefault(kind.replace("_", " "), {}).setdefault(table, []).append(column)
    return Links(len(found), by_kind)
