"""The lineage of the tables as a layered drawing: boxes in columns, with a line per dependency.

The layout follows Sugiyama's method: assign each table to a column, add a waypoint where a line
passes a column, order each column so that few lines cross, then move each node towards its
neighbours.

`python -m flows.site.docs.lineage > docs/lineage.svg` draws the picture for the architecture page.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate, chain, combinations, pairwise
from statistics import fmean
from typing import NamedTuple

from flows.site.render import render
from transforms.graph import Table, tables


class Box(NamedTuple):
    """A table with its upper left corner and its width in pixels."""

    table: str
    layer: str
    label: str
    x: int
    y: int
    width: int

    @property
    def text_x(self) -> int:
        """The left edge of the label."""
        return self.x + _PADDING


class Line(NamedTuple):
    """A dependency between two tables."""

    start: str
    end: str
    kind: str
    """`reads`, or `refers` if the dependency is only a foreign key."""
    path: str
    """The path in SVG syntax."""


class Drawing(NamedTuple):
    """Boxes and lines with the size of the drawing in pixels."""

    width: int
    height: int
    headings: dict[str, int]
    """The left edge of each layer."""
    boxes: list[Box]
    lines: list[Line]


BOX_HEIGHT = 28


def lineage(graph: Mapping[str, Table], around: str = "") -> Drawing:
    """Draw the tables from left to right, each to the right of its inputs.

    Args:
        graph: derived tables by name.
        around: if given, draw only this table, its dependencies and its dependents.
    """
    layers = _layers(graph)
    edges = {
        (start, table.name): "reads" if start in table.input_names else "refers"
        for table in graph.values()
        for start in sorted(table.dependencies - _implied(table))
        if not around or around in {start, table.name}
    }
    if around:
        shown = {around}.union(*edges)
        layers = {name: layer for name, layer in layers.items() if name in shown}
    grid = _grid(layers, edges)
    _order_columns(grid)
    return _draw(grid, _centres(grid), layers, edges)


def lineage_svg() -> str:
    """Return the lineage of all tables as an SVG file for light and dark pages."""
    return render("lineage.svg", drawing=lineage(tables()))


def _implied(table: Table) -> set[str]:
    """Return the bronze table of a history, which its silver table reads as well."""
    return {*table.versions_of.input_names} if table.versions_of else set()


_Node = tuple[str, int]
"""A table and a column: the table's own column, or one that its lines pass."""
_Edge = tuple[str, str]


class _Grid(NamedTuple):
    columns: list[list[_Node]]
    homes: dict[str, int]
    """The column of each table."""
    routes: dict[_Edge, list[_Node]]
    """The nodes of each edge from left to right."""

    def neighbours(self, *, left: bool, right: bool) -> dict[_Node, set[_Node]]:
        """Return the neighbours of each node on the given sides."""
        found = defaultdict[_Node, set[_Node]](set)
        for start, end in chain.from_iterable(map(pairwise, self.routes.values())):
            if left:
                found[end].add(start)
            if right:
                found[start].add(end)
        return found

    def half_height(self, node: _Node) -> float:
        """Return half of the space that a node needs in its column."""
        table, column = node
        return (BOX_HEIGHT + 14) / 2 if self.homes[table] == column else 5


_LAYERS = ("bronze", "silver", "gold")
_CHARACTER, _PADDING, _GAP = 7.3, 6, 28
_TOP, _MARGIN = 30, 4


def _layers(graph: Mapping[str, Table]) -> dict[str, str]:
    """Return the layer of each table of the graph and of each table that it depends on."""
    dependencies = [
        contract.spec()
        for table in graph.values()
        for contract in (*table.inputs.values(), *table.contract.references().values())
    ]
    outside = {spec.table: spec.layer for spec in dependencies if spec.table not in graph}
    inside = {name: table.contract.spec().layer for name, table in graph.items()}
    return dict(sorted(outside.items())) | inside


def _grid(layers: Mapping[str, str], edges: Iterable[_Edge]) -> _Grid:
    ranks = dict[str, tuple[int, int]]()
    for name, layer in layers.items():  # a table comes after its dependencies
        within = [ranks[a][1] + 1 for a, b in edges if b == name and layers[a] == layer]
        ranks[name] = _LAYERS.index(layer), max(within, default=0)
    number = {rank: column for column, rank in enumerate(sorted({*ranks.values()}))}
    homes = {name: number[rank] for name, rank in ranks.items()}
    routes = {
        (a, b): [*((a, passed) for passed in range(homes[a], homes[b])), (b, homes[b])]
        for a, b in edges
    }
    nodes = dict.fromkeys([*homes.items(), *chain.from_iterable(routes.values())])
    columns = [[node for node in nodes if node[1] == column] for column in number.values()]
    return _Grid(columns, homes, routes)


def _order_columns(grid: _Grid) -> None:
    """Sort each column by the mean position of its neighbours, and keep the best of some sweeps."""
    best, fewest = [[*column] for column in grid.columns], _crossings(grid)
    for sweep in range(24):
        leftwards = bool(sweep % 2)
        neighbours = grid.neighbours(left=not leftwards, right=leftwards)
        for column in reversed(grid.columns) if leftwards else grid.columns:
            position = {n: i - len(c) / 2 for c in grid.columns for i, n in enumerate(c)}
            column.sort(key=lambda n: fmean(position[o] for o in neighbours.get(n, {n})))
        if (crossings := _crossings(grid)) < fewest:
            best, fewest = [[*column] for column in grid.columns], crossings
    grid.columns[:] = best


def _crossings(grid: _Grid) -> int:
    """Count the pairs of lines that cross between two columns."""
    position = {node: i for column in grid.columns for i, node in enumerate(column)}
    steps = {step for route in grid.routes.values() for step in pairwise(route)}
    return sum(
        (position[a] - position[c]) * (position[b] - position[d]) < 0
        for (a, b), (c, d) in combinations(steps, 2)
        if a[1] == c[1]
    )


def _centres(grid: _Grid) -> dict[_Node, int]:
    """Move each node towards the mean of its neighbours, without changing the order.

    The last column to move is the leftmost, so bronze tables end level with their silver tables.
    """
    neighbours = grid.neighbours(left=True, right=True)
    centres = dict.fromkeys(chain.from_iterable(grid.columns), 0.0)
    for _ in range(30):
        for column in reversed(grid.columns):
            wanted = [fmean(centres[o] for o in neighbours.get(n, {n})) for n in column]
            distances = [grid.half_height(a) + grid.half_height(b) for a, b in pairwise(column)]
            centres.update(zip(column, _spread(wanted, distances), strict=True))
    top = min(centres[node] - grid.half_height(node) for node in centres)
    return {node: round(centre - top) for node, centre in centres.items()}


def _spread(wanted: list[float], distances: list[float]) -> list[float]:
    """Return positions near the wanted ones with at least the given distances between them."""
    offsets = [0.0, *accumulate(distances)]
    free = [position - offset for position, offset in zip(wanted, offsets, strict=True)]
    lowest = [*accumulate(free, max)]
    highest = [*accumulate(reversed(free), min)][::-1]
    return [(a + b) / 2 + o for a, b, o in zip(lowest, highest, offsets, strict=True)]


def _draw(
    grid: _Grid,
    centres: Mapping[_Node, int],
    layers: Mapping[str, str],
    edges: Mapping[_Edge, str],
) -> Drawing:
    labels = {name: name.partition(".")[2] for name in layers}
    widths = [
        round(max(len(labels[n]) for n in labels if grid.homes[n] == column) * _CHARACTER)
        + 2 * _PADDING
        for column in range(len(grid.columns))
    ]
    lefts = [*accumulate((width + _GAP for width in widths), initial=_MARGIN)]

    def path(route: list[_Node]) -> str:
        first, *others = route
        x, y = lefts[first[1]] + widths[first[1]], centres[first] + _TOP
        drawn = f"M{x} {y}"
        for node in others:
            to_x, to_y = lefts[node[1]], centres[node] + _TOP
            middle = (x + to_x) // 2
            drawn += f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"
            x, y = to_x + widths[node[1]], to_y
            if node != route[-1]:
                drawn += f"H{x}"
        return drawn

    boxes = [
        Box(
            name,
            layer,
            labels[name],
            lefts[grid.homes[name]],
            centres[name, grid.homes[name]] + _TOP - BOX_HEIGHT // 2,
            widths[grid.homes[name]],
        )
        for name, layer in layers.items()
    ]
    return Drawing(
        width=lefts[-1] - _GAP + _MARGIN,
        height=max(box.y for box in boxes) + BOX_HEIGHT + _MARGIN,
        headings={box.layer: box.x for box in sorted(boxes, key=lambda box: -box.x)},
        boxes=boxes,
        lines=[Line(a, b, kind, path(grid.routes[a, b])) for (a, b), kind in edges.items()],
    )


if __name__ == "__main__":
    sys.stdout.write(f"{lineage_svg()}\n")
