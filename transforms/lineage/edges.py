"""Edges of the column lineage: an input column, and how a result depends on it."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How a result depends on an input column, in the words of OpenLineage, the strongest first.

    The first three are direct: the value is computed from the input's value. The others are
    indirect: the input decides which values are used.
    """

    AGGREGATION = "aggregation"
    """Computed from the values of several rows, such as a sum."""
    TRANSFORMATION = "transformation"
    """Computed from the value of one row."""
    IDENTITY = "identity"
    """The unchanged value."""
    JOIN = "join"
    """Looked up by the input."""
    GROUP_BY = "group_by"
    """Grouped or made distinct by the input."""
    FILTER = "filter"
    """Chosen from rows that the input selects."""
    WINDOW = "window"
    """Computed over rows with the same input, or in its order."""
    SORT = "sort"
    """Chosen by the order of the input."""
    CONDITIONAL = "conditional"
    """Chosen by a condition on the input."""

    @property
    def is_direct(self) -> bool:
        """Whether the value is computed from the input's value."""
        return self in {Kind.AGGREGATION, Kind.TRANSFORMATION, Kind.IDENTITY}


class Edge(NamedTuple):
    """A dependency on a column of an input table."""

    table: str
    column: str
    kind: Kind
    masked: bool = False
    """Whether the input's value is hidden: redacted, or reduced to whether it is null."""


Edges = frozenset[Edge]

NONE: Edges = frozenset()


def transformed(edges: Edges) -> Edges:
    """Return the edges of a value that is computed from a value with these edges."""
    return _with_kinds(edges, {Kind.IDENTITY: Kind.TRANSFORMATION})


def aggregated(edges: Edges) -> Edges:
    """Return the edges of a value that is computed from several values with these edges."""
    return _with_kinds(edges, {kind: Kind.AGGREGATION for kind in Kind if kind.is_direct})


def indirect(edges: Edges, kind: Kind) -> Edges:
    """Return the edges of a result that uses a value with these edges in an indirect way."""
    return _with_kinds(edges, {direct: kind for direct in Kind if direct.is_direct})


def masked(edges: Edges) -> Edges:
    """Return the edges of a result that hides the value with these edges."""
    return frozenset(edge._replace(masked=True) for edge in edges)


def strongest(edges: Iterable[Edge]) -> Edges:
    """Return one edge per input column: that of the strongest kind, masked if all are."""
    by_column = defaultdict[tuple[str, str], list[Edge]](list)
    for edge in edges:
        by_column[edge.table, edge.column].append(edge)
    order = [*Kind]
    return frozenset(
        min(same, key=lambda edge: order.index(edge.kind))._replace(
            masked=all(edge.masked for edge in same)
        )
        for same in by_column.values()
    )


def _with_kinds(edges: Edges, kinds: dict[Kind, Kind]) -> Edges:
    return frozenset(edge._replace(kind=kinds.get(edge.kind, edge.kind)) for edge in edges)
