"""The lineage of the tables as a layered drawing: where each box stands, how each line runs.

The layout is Sugiyama's: a column for each layer and depth, waypoints where a line passes a
column, an order in each column that crosses few lines, then places near one's neighbours.

`python -m flows.site.docs.lineage > docs/lineage.svg` draws the picture of the architecture page.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate, chain, pairwise
from statistics import fmean
from typing import NamedTuple

from flows.site.render import page
from transforms.graph import Table, tables


class Box(NamedTuple):
    """A table; its upper left corner and its width, in pixels."""

    table: str
    layer: str
    label: str
    x: int
    y: int
    width: int


class Line(NamedTuple):
    """An edge from a table to one that needs it."""

    start: str
    end: str
    kind: str
    """`reads`, or `refers` for a foreign key alone."""
    path: str
    """As SVG writes it."""


class Drawing(NamedTuple):
    """Boxes and lines, and the room that they take, in pixels."""

    width: int
    height: int
    headings: dict[str, int]
    """By layer, where its columns begin."""
    boxes: list[Box]
    lines: list[Line]


BOX_HEIGHT = 28


def lineage(graph: Mapping[str, Table], around: str = "") -> Drawing:
    """Draw the tables from left to right, each behind those that it needs.

    With `around`: that table, what it needs and what needs it, and nothing else.
    """
    layers = _layers(graph)
    edges = {
        (start, table.name): "reads" if start in table.input_names else "refers"
        for table in graph.values()
        for start in sorted(table.dependencies)
        if not around or around in {start, table.name}
    }
    if around:
        near = {around}.union(*edges)
        layers = {name: layer for name, layer in layers.items() if name in near}
    grid = _grid(layers, edges)
    _cross_few(grid)
    return _drawn(grid, _centres(grid), layers, edges)


def picture() -> str:
    """Return the lineage of all tables as an SVG file, for light and for dark pages."""
    return page("lineage.svg", drawing=lineage(tables()))


_Node = tuple[str, int]
"""A table and a column: its own, or one that its lines pass."""
_Edge = tuple[str, str]


class _Grid(NamedTuple):
    columns: list[list[_Node]]
    homes: dict[str, int]
    """By table, its own column."""
    runs: dict[_Edge, list[_Node]]
    """By edge, the nodes that it runs through."""

    def beside(self, *, left: bool, right: bool) -> dict[_Node, set[_Node]]:
        """Return the neighbours of each node that has some."""
        found = defaultdict[_Node, set[_Node]](set)
        for a, b in chain.from_iterable(map(pairwise, self.runs.values())):
            if left:
                found[b].add(a)
            if right:
                found[a].add(b)
        return found

    def room(self, node: _Node) -> float:
        """Return half of the height that a node takes."""
        table, column = node
        return (BOX_HEIGHT + 14) / 2 if self.homes[table] == column else 5


_LAYERS = ("bronze", "silver", "gold")
_CHARACTER, _PADDING, _GAP = 7.3, 10, 64
_TOP, _MARGIN = 30, 4


def _layers(graph: Mapping[str, Table]) -> dict[str, str]:
    needed = [
        contract.spec()
        for table in graph.values()
        for contract in (*table.inputs.values(), *table.contract.references().values())
    ]
    outside = {spec.table: spec.layer for spec in needed if spec.table not in graph}
    own = {name: table.contract.spec().layer for name, table in graph.items()}
    return dict(sorted(outside.items())) | own


def _grid(layers: Mapping[str, str], edges: Iterable[_Edge]) -> _Grid:
    ranks = dict[str, tuple[int, int]]()
    for name, layer in layers.items():  # each comes behind those that it needs
        within = [ranks[a][1] + 1 for a, b in edges if b == name and layers[a] == layer]
        ranks[name] = _LAYERS.index(layer), max(within, default=0)
    number = {rank: column for column, rank in enumerate(sorted({*ranks.values()}))}
    homes = {name: number[rank] for name, rank in ranks.items()}
    runs = {
        (a, b): [*((a, passed) for passed in range(homes[a], homes[b])), (b, homes[b])]
        for a, b in edges
    }
    nodes = dict.fromkeys([*homes.items(), *chain.from_iterable(runs.values())])
    columns = [[node for node in nodes if node[1] == column] for column in number.values()]
    return _Grid(columns, homes, runs)


def _cross_few(grid: _Grid) -> None:
    """Order each column by the middle of its neighbours, to the right and back."""
    for sweep in range(12):
        back = bool(sweep % 2)
        beside = grid.beside(left=not back, right=back)
        for column in reversed(grid.columns) if back else grid.columns:
            place = {n: i - len(c) / 2 for c in grid.columns for i, n in enumerate(c)}
            column.sort(key=lambda n: fmean(place[o] for o in beside.get(n, {n})))


def _centres(grid: _Grid) -> dict[_Node, int]:
    """Place each node at the middle of its neighbours, in its order and apart from the next."""
    beside = grid.beside(left=True, right=True)
    centres = dict.fromkeys(chain.from_iterable(grid.columns), 0.0)
    for _ in range(30):
        for column in grid.columns:
            wanted = [fmean(centres[o] for o in beside.get(n, {n})) for n in column]
            steps = [grid.room(a) + grid.room(b) for a, b in pairwise(column)]
            centres.update(zip(column, _apart(wanted, steps), strict=True))
    top = min(centres[n] - grid.room(n) for n in centres)
    return {node: round(centre - top) for node, centre in centres.items()}


def _apart(wanted: list[float], steps: list[float]) -> list[float]:
    """Move places apart, as far down as up, so that each is a step behind the one before."""
    offsets = [0.0, *accumulate(steps)]
    free = [place - offset for place, offset in zip(wanted, offsets, strict=True)]
    down = [*accumulate(free, max)]
    up = [*accumulate(reversed(free), min)][::-1]
    return [(d + u) / 2 + o for d, u, o in zip(down, up, offsets, strict=True)]


def _drawn(
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
    lefts = [_MARGIN, *accumulate(width + _GAP for width in widths)]

    def path(run: list[_Node]) -> str:
        first, *others = run
        x, y = lefts[first[1]] + widths[first[1]], centres[first] + _TOP
        drawn = f"M{x} {y}"
        for node in others:
            to, below = lefts[node[1]], centres[node] + _TOP
            middle = (x + to) // 2
            drawn += f"C{middle} {y} {middle} {below} {to} {below}"
            x, y = to + widths[node[1]], below
            if node != run[-1]:
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
        lines=[Line(a, b, kind, path(grid.runs[a, b])) for (a, b), kind in edges.items()],
    )


if __name__ == "__main__":
    sys.stdout.write(f"{picture()}\n")
