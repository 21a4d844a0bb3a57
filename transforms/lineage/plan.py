"""The lineage of a query plan: what the columns and rows of each of its steps depend on."""

import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from io import StringIO
from typing import NamedTuple

import polars as pl

from transforms.lineage.edges import NONE, Edge, Edges, Kind, indirect
from transforms.lineage.expressions import (
    Json,
    Reach,
    Value,
    combine,
    evaluate,
    expand,
    unknown_step,
)


class Frame(NamedTuple):
    """The result of a step of a plan.

    A column that a step passes on unchanged keeps its edges as the same object.
    """

    columns: Mapping[str, Edges]
    rows: Edges = NONE
    """What decides which rows there are."""
    order: Edges = NONE
    """What the order of the rows depends on."""
    grouped: Edges | None = None
    """If the rows are groups, what decided which rows there were before. Another grouping by the
    same columns gives the same groups, whatever the first one was by besides."""
    unique: frozenset[str] | None = None
    """Columns whose values no two rows share."""
    parts: tuple["Frame", ...] = ()
    """The frames that are concatenated, or their groups."""


def scan(table: str, columns: Iterable[str], key: Iterable[str]) -> Frame:
    """Return the lineage of an input table."""
    own = {name: frozenset({Edge(table, name, Kind.IDENTITY)}) for name in columns}
    return Frame(own, unique=frozenset(key) or None)


def read_plan(plan: pl.LazyFrame, inputs: Mapping[str, Frame]) -> Frame:
    """Return the lineage of a plan.

    Args:
        plan: the plan.
        inputs: by `fingerprint` of an input, its lineage. Other frames are constants.
    """

    @cache  # a step that a plan contains twice is one step
    def frame(text: str) -> Frame:
        ((kind, step),) = json.loads(text).items()
        if kind == "IR":  # a step whose columns Polars has already resolved
            return frame(json.dumps(step["dsl"]))
        if kind == "DataFrameScan":
            constant = Frame(dict.fromkeys(step["schema"]["fields"], NONE))
            return inputs.get(_data(step), constant)
        names = [name for name in ("input", "input_left", "input_right") if name in step]
        below = [frame(json.dumps(each)) for each in step.get("inputs", [step[n] for n in names])]
        if kind in _READERS and (found := _READERS[kind](step, *below)):
            return found
        read = [edges for each in below for edges in (*each.columns.values(), each.rows)]
        edges = unknown_step("step", {kind: step}, read).edges
        return Frame(dict.fromkeys(_schema({kind: step}), edges), rows=edges)

    return frame(_serialized(plan))


def fingerprint(frame: pl.LazyFrame) -> str:
    """Return what identifies the rows of a frame in a plan."""
    return _data(json.loads(_serialized(frame))["DataFrameScan"])


def _data(scan: Json) -> str:
    return bytes(scan["df"]).hex()


def _serialized(plan: pl.LazyFrame) -> str:
    with warnings.catch_warnings():
        # The only public format that can be read. A change of it fails the tests, not silently.
        warnings.filterwarnings("ignore", "'json' serialization format of LazyFrame is deprecated")
        return plan.serialize(format="json")


def _schema(step: Json) -> pl.Schema:
    plan = pl.LazyFrame.deserialize(StringIO(json.dumps(step)), format="json")
    return plan.collect_schema()


def _select(step: Json, frame: Frame) -> Frame:
    values = _values(step["expr"], frame, step["input"])
    columns = {name: _in_frame(value, frame) for name, value in values.items()}
    if all(value.is_scalar for value in values.values()):  # always one row
        return Frame(columns, unique=frozenset())
    unique = _still_unique(frame, columns)
    return frame._replace(columns=columns, unique=unique, parts=())


def _with_columns(step: Json, frame: Frame) -> Frame:
    values = _values(step["exprs"], frame, step["input"])
    added = {name: _in_frame(value, frame) for name, value in values.items()}
    columns = {**frame.columns, **added}
    return frame._replace(columns=columns, unique=_still_unique(frame, columns), parts=())


def _filter(step: Json, frame: Frame) -> Frame:
    condition = _all(_used([step["predicate"]], frame, step["input"]))
    chosen = indirect(condition, Kind.FILTER)
    grouped = None if frame.grouped is None else frame.grouped | chosen
    return frame._replace(rows=frame.rows | chosen, grouped=grouped, parts=())


def _sort(step: Json, frame: Frame) -> Frame | None:
    if step["slice"] is not None:
        return None
    order = _all(_used(step["by_column"], frame, step["input"]))
    return frame._replace(order=frame.order | indirect(order, Kind.SORT), parts=())


def _distinct(step: Json, frame: Frame) -> Frame:
    options = step["options"]
    subset = options["subset"]
    by = [{"Column": name} for name in frame.columns] if subset is None else subset
    names = frozenset(_values(by, frame, step["input"]))
    distinct = indirect(_all(_used(by, frame, step["input"])), Kind.GROUP_BY)
    which = distinct | frame.rows | (NONE if options["keep_strategy"] == "Any" else frame.order)
    columns = {
        name: edges if name in names else edges | which for name, edges in frame.columns.items()
    }
    before = _before_grouping(frame)
    return Frame(columns, before | distinct, frame.order, before, names)


def _group_by(step: Json, frame: Frame) -> Frame | None:
    if step["apply"] is not None or any(step["options"].values()) or step["predicates"]:
        return None
    keys = _values(step["keys"], frame, step["input"])
    # Selectors in an aggregation do not select the keys.
    aggregates = _expanded(step["aggs"], step["input"], without=keys)
    grouped = _grouped(frame, keys, aggregates)
    apart = [
        {name: found for name, found in aggregates.items() if _sums_of(found, part)}
        for part in frame.parts
    ]
    # A part without the column of a sum adds nothing to it, so its keys do not matter to the sum.
    if sorted(name for sums in apart for name in sums) != sorted(aggregates):
        return grouped
    parts = (
        _grouped(part, _values(step["keys"], part, step["input"]), sums)
        for part, sums in zip(frame.parts, apart, strict=True)
    )
    return grouped._replace(parts=tuple(parts))


def _grouped(
    frame: Frame, keys: Mapping[str, Value], aggregates: Mapping[str, list[Json]]
) -> Frame:
    key = indirect(_all(_in_frame(value, frame) for value in keys.values()), Kind.GROUP_BY)
    columns = {name: _in_frame(value, frame) for name, value in keys.items()}
    for name, variants in aggregates.items():
        value = combine(evaluate(each, frame.columns) for each in variants)
        order = frame.order if value.reach == Reach.SEQUENCE else NONE
        columns[name] = value.edges | key | frame.rows | order
    before = _before_grouping(frame)
    return Frame(columns, before | key, grouped=before, unique=frozenset(keys))


def _before_grouping(frame: Frame) -> Edges:
    return frame.rows if frame.grouped is None else frame.grouped


def _sums_of(variants: list[Json], part: Frame) -> bool:
    """Return whether expressions are sums of columns of a part."""
    match variants:
        case [{"Agg": {"Sum": {"Column": name}}}]:
            return name in part.columns
    return False


def _join(step: Json, left: Frame, right: Frame) -> Frame | None:
    arguments, condition = step["options"]["args"], step["condition"]
    how = arguments["how"]
    if how not in {"Inner", "Left", "Semi", "Anti", "Cross"} or "Equi" not in condition:
        return None
    ours, theirs = condition["Equi"]["left_on"], condition["Equi"]["right_on"]
    by_left = _all(_used(ours, left, step["input_left"]))

    def key(part: Frame) -> Edges:
        return indirect(by_left | _all(_used(theirs, part, step["input_right"])), Kind.JOIN)

    if how in {"Semi", "Anti"}:
        return left._replace(rows=left.rows | right.rows | key(right), parts=())
    names = {*_expanded(theirs, step["input_right"])}
    is_lookup = right.unique is not None and right.unique <= names
    kept = [name for name in right.columns if name not in names]
    added = [*_schema({"Join": step})][len(left.columns) :]
    if len(kept) != len(added):
        return None
    columns = dict(left.columns)
    parts = right.parts if is_lookup and how == "Left" and right.parts else (right,)
    for name, new in zip(kept, added, strict=True):
        columns[new] = NONE.union(
            *(
                part.columns[name] | key(part) | (part.rows if how == "Left" else NONE)
                for part in parts
                if name in part.columns
            )
        )
    rows = left.rows if is_lookup and how == "Left" else left.rows | right.rows | key(right)
    return Frame(columns, rows, unique=left.unique if is_lookup else None)


def _union(_: Json, *parts: Frame) -> Frame:
    columns = {}
    for name in dict.fromkeys(name for part in parts for name in part.columns):
        found = {id(part.columns[name]): part for part in parts if name in part.columns}
        edges = _all(part.columns[name] for part in found.values())
        if len(found) > 1 or not edges:  # the value depends on the part that the row is from
            edges = edges.union(*(part.rows for part in parts if name in part.columns))
        columns[name] = edges
    return Frame(columns, _all(part.rows for part in parts), parts=parts)


def _map(step: Json, frame: Frame) -> Frame | None:
    match step["function"]:
        case {"Explode": {"columns": selector}}:
            # The number of rows depends on the length of each list.
            lists = _all(_used([{"Selector": selector}], frame, step["input"]))
            return Frame(frame.columns, frame.rows | lists, frame.order)
        case {"Rename": {"existing": names, "new": others}}:
            new = dict(zip(names, others, strict=True))
            columns = {new.get(name, name): edges for name, edges in frame.columns.items()}
            return Frame(columns, frame.rows, frame.order)
    return None


_READERS: dict[str, Callable[..., Frame | None]] = {
    "Distinct": _distinct,
    "Filter": _filter,
    "GroupBy": _group_by,
    "HStack": _with_columns,
    "Join": _join,
    "MapFunction": _map,
    "Select": _select,
    "Sort": _sort,
    "Union": _union,
}


def _expanded(
    expressions: list[Json], below: Json, without: Iterable[str] = ()
) -> dict[str, list[Json]]:
    """Return the expressions of each column that some expressions give."""

    @cache
    def schema() -> pl.Schema:
        return pl.Schema({n: t for n, t in _schema(below).items() if n not in without})

    return {
        name: found
        for expression in expressions
        for name, found in expand(expression, schema).items()
    }


def _values(expressions: list[Json], frame: Frame, below: Json) -> dict[str, Value]:
    return {
        name: combine(evaluate(each, frame.columns) for each in found)
        for name, found in _expanded(expressions, below).items()
    }


def _used(expressions: list[Json], frame: Frame, below: Json) -> Iterable[Edges]:
    """Return what expressions depend on that are no columns of the result."""
    return (_in_frame(value, frame) for value in _values(expressions, frame, below).values())


def _in_frame(value: Value, frame: Frame) -> Edges:
    """Return the edges of a value, with those of the rows that it depends on."""
    if value.reach == Reach.ROW:
        return value.edges
    return value.edges | frame.rows | (frame.order if value.reach == Reach.SEQUENCE else NONE)


def _still_unique(frame: Frame, columns: Mapping[str, Edges]) -> frozenset[str] | None:
    """Return the columns that are unique in a frame, unless one of them is not passed on."""
    unchanged = {name for name, edges in columns.items() if edges is frame.columns.get(name)}
    return frame.unique if frame.unique is not None and frame.unique <= unchanged else None


def _all(edges: Iterable[Edges]) -> Edges:
    return NONE.union(*edges)
